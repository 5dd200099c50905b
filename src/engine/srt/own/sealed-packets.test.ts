import { createCipheriv, randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"
import { type LibCrypto, libcrypto } from "../../ffi/libcrypto.ts"
import { SrtArena } from "./arena.ts"
import { SealedPackets } from "./sealed-packets.ts"
import { type StreamCipher, streamCipher } from "./stream-cipher.ts"

const HEADER = 16
const LIBRARIES: ReadonlyArray<readonly [string, LibCrypto | null]> = [
  ["libcrypto", libcrypto()],
  ["node:crypto", null],
]

/** AES-CTR with the IV of clause 6.2.2, packet by packet, as node:crypto has it. */
const expected = (key: Uint8Array, salt: Uint8Array, sequence: number, payload: Uint8Array): Buffer => {
  const iv = Buffer.alloc(16)
  iv.set(salt.subarray(0, 14))
  iv.writeUInt32BE((iv.readUInt32BE(10) ^ sequence) >>> 0, 10)
  return createCipheriv(`aes-${key.length * 8}-ctr`, key, iv).update(payload)
}

describe.each(LIBRARIES)("packets encrypted by %s", (_, library) => {
  const arena = new SrtArena(16 << 20)
  const sealed = new SealedPackets(arena)
  const headers = arena.take(1024 * HEADER).at
  const payloads = arena.take(1024 * 1472).at
  let made = 0

  /** A key with its cipher. */
  const keyed = (bytes: number) => {
    const [key, salt] = [randomBytes(bytes), randomBytes(16)]
    return { key, salt, cipher: streamCipher(arena, key, salt, library) }
  }
  /** Adds a packet; returns a check of what stands at its place. */
  const add = (
    with_: { key: Uint8Array; salt: Uint8Array; cipher: StreamCipher },
    sequence: number,
    length: number,
  ) => {
    const [header, payload] = [headers + made * HEADER, payloads + made * 1472]
    made = (made + 1) % 1024
    arena.bytes.set(randomBytes(HEADER), header)
    arena.view.setUint32(header, sequence)
    arena.bytes.set(randomBytes(length), payload)
    const head = arena.bytes.slice(header, header + HEADER)
    const body = expected(with_.key, with_.salt, sequence, arena.bytes.slice(payload, payload + length))
    const place = sealed.add(with_.cipher, header, payload, length)
    // As when the packet is sent again before the batch has left.
    arena.bytes[header + 4] = 0xff
    const whole = Buffer.concat([head, body])
    return () =>
      expect([sequence, whole.equals(arena.bytes.subarray(place, place + whole.length))]).toEqual([sequence, true])
  }
  const check = (checks: ReadonlyArray<() => void>) => {
    sealed.run()
    for (const one of checks) one()
    sealed.clear()
  }

  it.each([16, 24, 32])(
    "with keys of %i bytes are those of AES-CTR, whatever the length of burst and payload",
    (bytes) => {
      const one = keyed(bytes)
      for (const length of [1, 15, 16, 17, 188, 1128, 1316, 1455, 1456]) check([add(one, 1, length)])
      for (const burst of [2, 8, 63, 64, 65, 200])
        check(Array.from({ length: burst }, (_, i) => add(one, i, i % 7 === 0 ? 188 * ((i % 6) + 1) : 1316)))
      one.cipher.close()
    },
  )

  it("have their sequence number in the IV, up to the last there is", () => {
    const one = keyed(16)
    check([0, 1, 0xffff, 0x10000, 2 ** 30, 2 ** 31 - 2, 2 ** 31 - 1].map((sequence) => add(one, sequence, 1316)))
    one.cipher.close()
  })

  it("of several connections and keys in turn have each their own", () => {
    const all = [keyed(16), keyed(32), keyed(16), keyed(24)]
    check(Array.from({ length: 120 }, (_, i) => add(all[(i >> (i % 3)) % 4] ?? keyed(16), i, 1316)))
    for (const { cipher } of all) cipher.close()
  })

  it("have room for 512, and again once they have left", () => {
    const one = keyed(16)
    for (let round = 0; round < 3; round++) {
      const checks: Array<() => void> = []
      while (sealed.fits(1456)) checks.push(add(one, checks.length, 1456))
      expect(checks.length).toBe(512)
      expect(sealed.fits(1)).toBe(false)
      check(checks)
    }
    one.cipher.close()
  })
})
