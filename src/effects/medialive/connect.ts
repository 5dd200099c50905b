/** The connection to AWS: kept, changed, and tried. */
import { Clock, Effect } from "effect"
import { PERMISSIONS, POLICIES } from "../../core/medialive/policy.ts"
import type { AwsFailed, InvalidInput, StoreError } from "../model/Errors.ts"
import { InvalidInput as Invalid } from "../model/Errors.ts"
import { noteAllowed } from "./asked.ts"
import { type AwsApi, makeAwsApi } from "./aws/AwsApi.ts"
import { regionIn } from "./aws/endpoints.ts"
import { isDenied } from "./aws/refusals.ts"
import type { MediaLiveDeps } from "./deps.ts"
import type { ConnectionInput, ConnectionTest, ConnectionView } from "./medialive-bodies.ts"
import type { StoredConnection } from "./medialive-rows.ts"
import { forgetAll } from "./memory.ts"

const EMPTY: StoredConnection = {
  region: null,
  roleArn: null,
  accessKeyId: null,
  secretAccessKey: null,
  addresses: [],
  egressUsdPerGb: null,
}

const MASK = "***"

/** What is left out stays, null takes it away; a mask that comes back stands for what it masks. */
const changed = (before: StoredConnection, input: ConnectionInput): StoredConnection => {
  const pick = <A>(given: A | null | undefined, old: A | null): A | null => (given === undefined ? old : given)
  const secret = input.secret_access_key === MASK ? undefined : input.secret_access_key
  return {
    region: pick(input.region, before.region),
    roleArn: pick(input.role_arn, before.roleArn),
    accessKeyId: pick(input.access_key_id, before.accessKeyId),
    secretAccessKey: pick(secret, before.secretAccessKey),
    addresses: input.addresses === undefined ? before.addresses : (input.addresses ?? []),
    egressUsdPerGb: pick(input.egress_usd_per_gb, before.egressUsdPerGb),
  }
}

/** A secret that was typed, rather than a mask that came back. */
const isNew = (secret: string | null | undefined): boolean => secret != null && secret.trim() !== "" && secret !== MASK

const wrong = (next: StoredConnection, before: StoredConnection, input: ConnectionInput): InvalidInput | null => {
  const half = (path: string, message: string) => new Invalid({ errors: [{ path, message }] })
  if (next.accessKeyId !== null && next.secretAccessKey === null)
    return half("secret_access_key", "is missing: a key has an id and a secret")
  if (next.accessKeyId === null && next.secretAccessKey !== null)
    return half("access_key_id", "is missing: a key has an id and a secret")
  // A secret goes with its own id alone.
  if (next.accessKeyId !== before.accessKeyId && next.accessKeyId !== null && !isNew(input.secret_access_key))
    return half("secret_access_key", "is needed with another access key id")
  return null
}

export interface Connect {
  readonly view: Effect.Effect<ConnectionView>
  readonly set: (input: ConnectionInput) => Effect.Effect<ConnectionView, InvalidInput | StoreError>
  readonly remove: Effect.Effect<void, StoreError>
  readonly test: Effect.Effect<ConnectionTest>
  /** Makes the connection that is stored, or that the environment names, the one in use. */
  readonly use: (stored: StoredConnection | null) => void
}

/** Tries each permission on the first channel there is; starting and stopping would change something. */
const trial = (api: AwsApi): Effect.Effect<ConnectionTest> =>
  Effect.gen(function* () {
    const steps: Array<ConnectionTest["steps"][number]> = []
    const missing: string[] = []
    const step = <A>(action: string, effect: Effect.Effect<A, AwsFailed>, say: (value: A) => string) =>
      Effect.gen(function* () {
        const done = yield* Effect.either(effect)
        if (done._tag === "Right") {
          steps.push({ action, outcome: "ok", message: say(done.right) })
          return done.right
        }
        const { reason } = done.left
        const denied = isDenied(done.left)
        if (denied) missing.push(action)
        const without = PERMISSIONS.find((one) => one.action === action)?.without
        const message = denied ? `the permission ${action} is missing: ${without} (${reason})` : reason
        steps.push({ action, outcome: "failed", message })
        return null
      })
    const untried = (action: string, message: string) => void steps.push({ action, outcome: "unknown", message })

    const channels = yield* step("medialive:ListChannels", api.channels, (all) => `${all.length} channels`)
    const [first] = channels ?? []
    if (first === undefined) {
      const why = channels === null ? "the list of channels failed" : "there is no channel to try it on"
      for (const action of ["medialive:DescribeChannel", "medialive:ListAlerts"]) untried(action, why)
    } else {
      yield* step("medialive:DescribeChannel", api.channel(first.id), ({ name }) => name)
      yield* step("medialive:ListAlerts", api.alerts(first.id), (all) => `${all.length} alerts of ${first.name}`)
    }
    // Both answer whatever channel they are asked for.
    const query = { channel: first?.id ?? "0", pipeline: 0, metric: "ActiveAlerts" } as const
    const nowMs = yield* Clock.currentTimeMillis
    yield* step("cloudwatch:GetMetricData", api.metrics([query], nowMs - 600_000, nowMs), () => "figures can be read")
    yield* step("pricing:GetProducts", api.onePrice, () => "prices can be read")
    for (const action of ["medialive:StartChannel", "medialive:StopChannel"])
      untried(action, "not tried: it would start or stop a channel")
    return { ok: steps.every(({ outcome }) => outcome !== "failed"), steps, missing }
  })

const NOT_SET: ConnectionTest = {
  ok: false,
  steps: [{ action: "region", outcome: "failed", message: "no region is set" }],
  missing: [],
}

export const makeConnect = ({ addresses, environment, fetch, memory, pacer, rows }: MediaLiveDeps): Connect => {
  const use = (stored: StoredConnection | null) => {
    memory.connection = stored
    const region = stored?.region ?? regionIn(environment)
    const keys =
      stored?.accessKeyId != null && stored.secretAccessKey !== null
        ? { accessKeyId: stored.accessKeyId, secretAccessKey: stored.secretAccessKey }
        : null
    const connection = { region: region ?? "", roleArn: stored?.roleArn ?? null, stored: keys }
    memory.region = region
    memory.api = region === null ? null : makeAwsApi(connection, { environment, fetch, pacer })
  }
  const view = Effect.sync((): ConnectionView => {
    const stored = memory.connection ?? EMPTY
    const own = regionIn(environment)
    return {
      region: stored.region ?? own,
      region_from: stored.region !== null ? "stored" : own !== null ? "environment" : null,
      role_arn: stored.roleArn,
      access_key_id: stored.accessKeyId,
      secret_access_key: stored.secretAccessKey === null ? null : MASK,
      addresses: stored.addresses,
      addresses_in_use: addresses(),
      egress_usd_per_gb: stored.egressUsdPerGb,
      signed_in_by: memory.api?.signedInBy() ?? null,
      policies: POLICIES,
    }
  })
  /** Another account or region has other channels; another price or address leaves them as they are. */
  const isOther = (before: StoredConnection, next: StoredConnection) =>
    (["region", "roleArn", "accessKeyId", "secretAccessKey"] as const).some((name) => before[name] !== next[name])

  return {
    use,
    view,
    set: Effect.fn("MediaLive.setConnection")(function* (input: ConnectionInput) {
      const before = memory.connection ?? EMPTY
      const next = changed(before, input)
      const problem = wrong(next, before, input)
      if (problem !== null) return yield* problem
      yield* rows.putConnection(next)
      if (isOther(before, next) || memory.connection === null) {
        forgetAll(memory)
        use(next)
      } else memory.connection = next
      return yield* view
    }),
    remove: Effect.zipRight(
      rows.deleteConnection,
      Effect.sync(() => {
        forgetAll(memory)
        use(null)
      }),
    ),
    test: Effect.suspend(() => {
      const { api } = memory
      if (api === null) return Effect.succeed(NOT_SET)
      return Effect.tap(trial(api), ({ steps }) => {
        // Another connection may have been set meanwhile.
        if (memory.api !== api) return
        for (const { action, outcome } of steps) if (outcome === "ok") noteAllowed(memory, action)
      })
    }),
  }
}
