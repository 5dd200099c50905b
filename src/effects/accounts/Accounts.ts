/** Users and API keys, mirrored in memory: every request asks for them, few change them. */
import { createHash, randomUUID } from "node:crypto"
import { Context, Effect, Layer, Option } from "effect"
import { AppConfig, isLoopback } from "../config/AppConfig.ts"
import { tidyTags } from "../config/tags.ts"
import { Conflict, InvalidInput, NotFound, StartRefused, type StoreError } from "../model/Errors.ts"
import { Store } from "../store/Store.ts"
import { loadSecretKey } from "../store/secret-key.ts"
import type { KeyInput, KeyView, Role, UserChange, UserInput, UserView } from "./account-bodies.ts"
import { type AccountRows, makeAccountRows, type StoredKey, type StoredUser } from "./account-rows.ts"
import { tellChange } from "./account-words.ts"
import { newKey } from "./api-key.ts"
import { keepMetricsKey, makeFirstKey } from "./first-keys.ts"
import { hashPassword, isPassword, type PasswordCost } from "./password.ts"

export interface AccountsService {
  readonly users: () => ReadonlyArray<UserView>
  readonly keys: () => ReadonlyArray<KeyView>
  /** True when there is neither a user nor a key. */
  readonly isEmpty: () => boolean
  readonly findUser: (name: string) => StoredUser | undefined
  readonly findKey: (id: string) => StoredKey | undefined
  /** The stored key that the candidate is. */
  readonly keyOf: (candidate: string) => StoredKey | undefined
  /** The user when the password is right; takes as long when there is no such user. */
  readonly login: (name: string, password: string) => Effect.Effect<StoredUser | null>
  readonly createUser: (input: UserInput) => Effect.Effect<UserView, InvalidInput | Conflict | StoreError>
  readonly updateUser: (
    name: string,
    change: UserChange,
  ) => Effect.Effect<UserView, NotFound | InvalidInput | Conflict | StoreError>
  readonly removeUser: (name: string) => Effect.Effect<void, NotFound | Conflict | StoreError>
  /**
   * Creates a key, which is in this answer and nowhere else. `key` is one that `newKey()` made and that somebody has
   * been given already.
   */
  readonly createKey: (
    input: KeyInput,
    key?: string,
  ) => Effect.Effect<KeyView & { readonly key: string }, InvalidInput | Conflict | StoreError>
  readonly removeKey: (id: string) => Effect.Effect<void, NotFound | Conflict | StoreError>
  /** Makes what is known as the store has it: other nodes may have changed it. */
  readonly reread: Effect.Effect<void, StoreError>
  /** The key that signs sessions; sessions outlive a restart as long as it stays the same. */
  readonly sessionKey: Uint8Array
}

export interface AccountsOptions {
  /** True when `API_KEY` is set: there is an admin whatever else there is. */
  readonly apiKey: boolean
  /** True when the service may be open while there are no users and keys. */
  readonly mayBeOpen: boolean
  readonly sessionKey: Uint8Array
  /** What a guess of a password costs, where that is not the usual. */
  readonly passwordCost?: PasswordCost
}

const PREFIX_LENGTH = 8
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")
const viewUser = ({ changed_at, created_at, name, role, tags }: StoredUser): UserView => ({
  name,
  role,
  tags,
  created_at,
  changed_at,
})
const viewKey = ({ created_at, id, name, prefix, role, tags }: StoredKey): KeyView => ({
  id,
  name,
  role,
  tags,
  prefix,
  created_at,
})
const conflict = (path: string, message: string) => new Conflict({ errors: [{ path, message }] })

/** Who may do everything cannot be kept to some channels: fails with `InvalidInput` for an admin with tags. */
const checkBound = (role: Role, tags: ReadonlyArray<string>): Effect.Effect<void, InvalidInput> => {
  const message = "must be empty for an admin, who may do everything; bind a viewer or an operator to them"
  return role === "admin" && tags.length > 0 ? new InvalidInput({ errors: [{ path: "tags", message }] }) : Effect.void
}

/** Users and keys as they are held in memory, and what every change of them needs. */
interface Held {
  readonly rows: AccountRows
  readonly users: Map<string, StoredUser>
  /** Keys by id. */
  readonly keys: Map<string, StoredKey>
  /** Keys by their SHA-256 in hexadecimal. */
  readonly byHash: Map<string, StoredKey>
  /** Runs one change at a time. */
  readonly inTurn: <A, E>(change: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Fails with `Conflict` when nobody would be left with the role admin: nobody may lock everybody out. */
  readonly checkRemaining: (path: string, roles: ReadonlyArray<Role>) => Effect.Effect<void, Conflict>
  /** The roles of all users and keys except `but`. */
  readonly roles: (but?: StoredUser | StoredKey) => ReadonlyArray<Role>
}

const holdAccounts = (rows: AccountRows, options: AccountsOptions): Effect.Effect<Held, StoreError> =>
  Effect.gen(function* () {
    const stored = yield* rows.load
    const users = new Map(stored.users.map((user) => [user.name, user]))
    const keys = new Map(stored.keys.map((key) => [key.id, key]))
    const turns = yield* Effect.makeSemaphore(1)
    return {
      rows,
      users,
      keys,
      byHash: new Map(stored.keys.map((key) => [key.sha256, key])),
      inTurn: turns.withPermits(1),
      checkRemaining: (path, roles) =>
        options.apiKey || roles.includes("admin") || (roles.length === 0 && options.mayBeOpen)
          ? Effect.void
          : conflict(path, "would leave nobody with the role admin; create another admin first, or set API_KEY"),
      roles: (but) => [...users.values(), ...keys.values()].filter((one) => one !== but).map(({ role }) => role),
    }
  })

const now = () => new Date().toISOString()

/** The verbs that change users. */
const makeUserVerbs = (
  held: Held,
  cost?: PasswordCost,
): Pick<AccountsService, "createUser" | "updateUser" | "removeUser"> => {
  const { checkRemaining, inTurn, roles, rows, users } = held
  const needUser = (name: string) =>
    Effect.suspend(() => {
      const user = users.get(name)
      return user === undefined ? Effect.fail(new NotFound({ kind: "user", ref: name })) : Effect.succeed(user)
    })
  const putUser = (user: StoredUser) =>
    rows.putUser(user).pipe(
      Effect.tap(() => tellChange(`user ${user.name}`, users.get(user.name) ?? null, user)),
      Effect.tap(() => Effect.sync(() => users.set(user.name, user))),
      Effect.uninterruptible,
      Effect.map(() => viewUser(user)),
    )

  return {
    createUser: ({ name, password, role, tags: wanted = [] }) =>
      inTurn(
        Effect.gen(function* () {
          const tags = tidyTags(wanted)
          yield* checkBound(role, tags)
          if (users.has(name)) return yield* conflict("name", `there is a user "${name}" already`)
          yield* checkRemaining("role", [...roles(), role])
          const at = now()
          const hash = yield* hashPassword(password, cost)
          return yield* putUser({ name, role, tags, password: hash, created_at: at, changed_at: at })
        }),
      ),
    updateUser: (name, { password, role, tags }) =>
      inTurn(
        Effect.gen(function* () {
          const user = yield* needUser(name)
          const next = role ?? user.role
          const bound = tags === undefined ? user.tags : tidyTags(tags)
          yield* checkBound(next, bound)
          yield* checkRemaining("role", [...roles(user), next])
          const hash = password === undefined ? user.password : yield* hashPassword(password, cost)
          return yield* putUser({ ...user, role: next, tags: bound, password: hash, changed_at: now() })
        }),
      ),
    removeUser: (name) =>
      inTurn(
        Effect.gen(function* () {
          const user = yield* needUser(name)
          yield* checkRemaining("name", roles(user))
          yield* Effect.uninterruptible(Effect.tap(rows.deleteUser(name), () => Effect.sync(() => users.delete(name))))
        }),
      ),
  }
}

/** The verbs that create and remove API keys. */
const makeKeyVerbs = (held: Held): Pick<AccountsService, "createKey" | "removeKey"> => {
  const { byHash, checkRemaining, inTurn, keys, roles, rows } = held
  return {
    createKey: ({ name, role, tags: wanted = [] }, key = newKey()) =>
      inTurn(
        Effect.gen(function* () {
          const tags = tidyTags(wanted)
          yield* checkBound(role, tags)
          if ([...keys.values()].some((key) => key.name === name))
            return yield* conflict("name", `there is a key "${name}" already`)
          yield* checkRemaining("role", [...roles(), role])
          const one = {
            id: randomUUID(),
            name,
            role,
            tags,
            prefix: key.slice(0, PREFIX_LENGTH),
            sha256: sha256(key),
            created_at: now(),
          }
          const keep = Effect.sync(() => {
            keys.set(one.id, one)
            byHash.set(one.sha256, one)
          })
          yield* Effect.uninterruptible(Effect.zipRight(rows.insertKey(one), keep))
          yield* tellChange(`key ${name}`, null, one)
          return { ...viewKey(one), key }
        }),
      ),
    removeKey: (id) =>
      inTurn(
        Effect.gen(function* () {
          const one = keys.get(id)
          if (one === undefined) return yield* new NotFound({ kind: "key", ref: id })
          yield* checkRemaining("id", roles(one))
          const forget = Effect.sync(() => {
            keys.delete(id)
            byHash.delete(one.sha256)
          })
          yield* Effect.uninterruptible(Effect.zipRight(rows.deleteKey(id), forget))
        }),
      ),
  }
}

export const makeAccounts = (rows: AccountRows, options: AccountsOptions): Effect.Effect<AccountsService, StoreError> =>
  Effect.map(holdAccounts(rows, options), (held) => {
    const { byHash, keys, users } = held
    return {
      users: () => [...users.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(viewUser),
      keys: () => [...keys.values()].map(viewKey),
      isEmpty: () => users.size === 0 && keys.size === 0,
      findUser: (name) => users.get(name),
      findKey: (id) => keys.get(id),
      keyOf: (candidate) => byHash.get(sha256(candidate)),
      login: (name, password) =>
        Effect.suspend(() => {
          const user = users.get(name)
          return Effect.map(isPassword(password, user?.password, options.passwordCost), (right) =>
            right && user !== undefined ? user : null,
          )
        }),
      reread: held.inTurn(
        Effect.map(rows.load, (stored) => {
          users.clear()
          keys.clear()
          byHash.clear()
          for (const user of stored.users) users.set(user.name, user)
          for (const key of stored.keys) {
            keys.set(key.id, key)
            byHash.set(key.sha256, key)
          }
        }),
      ),
      ...makeUserVerbs(held, options.passwordCost),
      ...makeKeyVerbs(held),
      sessionKey: options.sessionKey,
    }
  })

type Reach = { readonly host: string; readonly auth: boolean; readonly apiKey: Option.Option<unknown> }

/** True when other machines reach the service, and there is nobody whom it could let in. */
const isClosedForAll = ({ apiKey, auth, host }: Reach, accounts: AccountsService): boolean =>
  !isLoopback(host) && auth && Option.isNone(apiKey) && accounts.isEmpty()

/** Fails with `StartRefused` when other machines reach the service and there is nobody whom it could let in. */
export const checkReachable = (reach: Reach, accounts: AccountsService): Effect.Effect<void, StartRefused> =>
  isClosedForAll(reach, accounts)
    ? new StartRefused({
        reason: `HOST: ${reach.host} is reachable from other machines; set API_KEY, or create a user while HOST is 127.0.0.1, or set AUTH=off to allow everybody`,
      })
    : Effect.void

export class Accounts extends Context.Tag("distributor/Accounts")<Accounts, AccountsService>() {
  /** Fails with `StartRefused` when the service would be open to other machines. */
  static readonly Live: Layer.Layer<Accounts, StartRefused, AppConfig | Store> = Layer.effect(
    Accounts,
    Effect.gen(function* () {
      const config = yield* AppConfig
      const store = yield* Store
      const options = {
        apiKey: Option.isSome(config.apiKey),
        mayBeOpen: isLoopback(config.host) || !config.auth,
        sessionKey: yield* loadSecretKey(config.keyFile),
      }
      const accounts = yield* Effect.mapError(
        makeAccounts(makeAccountRows(store.access), options),
        ({ message }) => new StartRefused({ reason: message }),
      )
      if (isClosedForAll(config, accounts)) yield* makeFirstKey(config, accounts)
      yield* checkReachable(config, accounts)
      yield* keepMetricsKey(config, accounts)
      return accounts
    }),
  )
}
