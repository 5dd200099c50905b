/** Passwords as they are stored: scrypt (RFC 7914) with its parameters, `scrypt$N$r$p$salt$hash`. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { Effect } from "effect"

/** Parameters of scrypt (RFC 7914). */
export interface PasswordCost {
  readonly N: number
  readonly r: number
  readonly p: number
}
/** Each guess costs 32 MiB and about a tenth of a second. */
const COST: PasswordCost = { N: 2 ** 15, r: 8, p: 1 }
const HASH_BYTES = 32

/** Permits for hashing: simultaneous logins must not use up all memory, nor take all cores from the streams. */
const turns = Effect.unsafeMakeSemaphore(2)

const derive = (password: string, salt: Buffer, cost: PasswordCost) =>
  turns.withPermits(1)(
    Effect.async<Buffer>((resume) => {
      const options = { ...cost, maxmem: 256 * cost.N * cost.r }
      // Bun gives undefined where Node gives null.
      scrypt(password.normalize("NFC"), salt, HASH_BYTES, options, (error, hash) =>
        resume(error == null ? Effect.succeed(hash) : Effect.die(error)),
      )
    }),
  )

/** The password as it is stored. `cost` is lower for tests only, which make hundreds of users. */
export const hashPassword = (password: string, cost = COST): Effect.Effect<string> =>
  Effect.suspend(() => {
    const salt = randomBytes(16)
    const text = (hash: Buffer) =>
      ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64url"), hash.toString("base64url")].join("$")
    return Effect.map(derive(password, salt, cost), text)
  })

/** Compares a password in constant time. Without a stored one (no such user) it takes as long and is false. */
export const isPassword = (password: string, stored: string | undefined, cost = COST): Effect.Effect<boolean> => {
  const [kind, N, r, p, salt = "", hash = ""] = (stored ?? "").split("$")
  if (kind !== "scrypt") return Effect.as(derive(password, Buffer.alloc(16), cost), false)
  const expected = Buffer.from(hash, "base64url")
  const storedCost = { N: Number(N), r: Number(r), p: Number(p) }
  return Effect.map(
    derive(password, Buffer.from(salt, "base64url"), storedCost),
    (found) => found.length === expected.length && timingSafeEqual(found, expected),
  )
}
