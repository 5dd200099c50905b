/**
 * Where the keys come from that requests are signed with. In this order: the environment, the role of a web identity
 * (Kubernetes), of a container (ECS, EKS), of the machine (EC2, IMDSv2); else those that were typed and are kept sealed.
 * With a role named, they are exchanged for its keys.
 */
import { readFile } from "node:fs/promises"
import { Effect } from "effect"
import { AwsFailed } from "../../model/Errors.ts"
import type { Environment } from "./endpoints.ts"
import { ask, type Fetch } from "./http.ts"

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | null
  /** Unix ms; null for keys that last. */
  readonly expiresAt: number | null
  /** Where they come from, in words. */
  readonly from: string
}

export type StoredKeys = Pick<Credentials, "accessKeyId" | "secretAccessKey">

export interface CredentialSources {
  readonly environment: Environment
  readonly fetch: Fetch
  readonly stored: StoredKeys | null
  /** The role of a web identity by STS; see `assume-role.ts`. */
  readonly webIdentity: (roleArn: string, token: string) => Effect.Effect<Credentials, AwsFailed>
}

const ACTION = "find credentials"
/** Metadata is beside this machine: what takes longer is not there. In ms. */
const METADATA_MS = 1000

const failed = (code: string, reason: string) => new AwsFailed({ action: ACTION, status: 0, code, reason })

type Found = Effect.Effect<Credentials | null, AwsFailed>
const none: Found = Effect.succeed(null)

const text = (value: unknown): string => (typeof value === "string" ? value : "")
const fromJson = (body: string, from: string): Credentials | null => {
  try {
    const given = JSON.parse(body) as Record<string, unknown>
    const [accessKeyId, secretAccessKey] = [text(given["AccessKeyId"]), text(given["SecretAccessKey"])]
    const expiresAt = Date.parse(text(given["Expiration"]))
    if (accessKeyId === "" || secretAccessKey === "") return null
    return {
      accessKeyId,
      secretAccessKey,
      sessionToken: text(given["Token"]) || null,
      expiresAt: Number.isFinite(expiresAt) ? expiresAt : null,
      from,
    }
  } catch {
    return null
  }
}

const readText = (path: string, what: string): Effect.Effect<string, AwsFailed> =>
  Effect.tryPromise({
    try: async () => (await readFile(path, "utf8")).trim(),
    catch: () => failed("no_credentials", `the file that ${what} names cannot be read`),
  })

const ofEnvironment = ({ environment }: CredentialSources): Found => {
  const [id, secret, token] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map(
    (name) => environment[name] || null,
  )
  if (id == null || secret == null) return none
  const from = "the environment (AWS_ACCESS_KEY_ID)"
  return Effect.succeed({
    accessKeyId: id,
    secretAccessKey: secret,
    sessionToken: token ?? null,
    expiresAt: null,
    from,
  })
}

const ofWebIdentity = ({ environment, webIdentity }: CredentialSources): Found => {
  const [path, role] = [environment["AWS_WEB_IDENTITY_TOKEN_FILE"], environment["AWS_ROLE_ARN"]]
  if (!path || !role) return none
  return Effect.flatMap(readText(path, "AWS_WEB_IDENTITY_TOKEN_FILE"), (token) => webIdentity(role, token))
}

/** AWS's tools send keys of containers to these hosts alone, unless the connection is encrypted. */
const isContainerHost = (url: URL): boolean =>
  url.protocol === "https:" ||
  /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\]|169\.254\.170\.(?:2|23)|\[fd00:ec2::23\])$/.test(url.hostname)

const ofContainer = ({ environment, fetch }: CredentialSources): Found => {
  const [relative, full] = [
    environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
    environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
  ]
  const address = relative ? `http://169.254.170.2${relative}` : full
  if (!address) return none
  const url = URL.canParse(address) ? new URL(address) : null
  if (url === null || !isContainerHost(url))
    return Effect.fail(failed("no_credentials", "AWS_CONTAINER_CREDENTIALS_FULL_URI is no address of a container"))
  const file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
  const token = file
    ? readText(file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    : Effect.succeed(environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] ?? "")
  return Effect.gen(function* () {
    const given = yield* token
    const headers = given === "" ? {} : { Authorization: given }
    const answer = yield* ask(fetch, ACTION, { method: "GET", url: url.href, headers }, METADATA_MS)
    const found = answer.status === 200 ? fromJson(answer.text, "the role of the container") : null
    return found ?? (yield* failed("no_credentials", `the container's address answered ${answer.status} without keys`))
  })
}

/** IMDSv2: a token first, which a request that was tricked out of the service cannot get. */
const ofMachine = ({ environment, fetch }: CredentialSources): Found => {
  if (environment["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") return none
  const base = (environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] || "http://169.254.169.254").replace(/\/+$/, "")
  const get = (path: string, token: string) =>
    ask(
      fetch,
      ACTION,
      { method: "GET", url: `${base}${path}`, headers: { "X-aws-ec2-metadata-token": token } },
      METADATA_MS,
    )
  const path = "/latest/meta-data/iam/security-credentials/"
  return Effect.gen(function* () {
    const headers = { "X-aws-ec2-metadata-token-ttl-seconds": "300" }
    const token = yield* ask(fetch, ACTION, { method: "PUT", url: `${base}/latest/api/token`, headers }, METADATA_MS)
    if (token.status !== 200) return null
    const role = yield* get(path, token.text)
    const name = role.status === 200 ? (role.text.split("\n")[0]?.trim() ?? "") : ""
    if (name === "") return null
    const answer = yield* get(`${path}${encodeURIComponent(name)}`, token.text)
    return answer.status === 200 ? fromJson(answer.text, `the role ${name} of the machine`) : null
    // There is no metadata outside of EC2.
  }).pipe(Effect.catchAll(() => none))
}

const ofStore = ({ stored }: CredentialSources): Found =>
  stored === null
    ? none
    : Effect.succeed({ ...stored, sessionToken: null, expiresAt: null, from: "the keys that are kept here" })

const CHAIN = [ofEnvironment, ofWebIdentity, ofContainer, ofMachine, ofStore]

/** The first keys that are found. */
export const findCredentials = (sources: CredentialSources): Effect.Effect<Credentials, AwsFailed> =>
  Effect.gen(function* () {
    for (const look of CHAIN) {
      const found = yield* look(sources)
      if (found !== null) return found
    }
    return yield* failed(
      "no_credentials",
      "there are no keys: give the machine or container a role, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or type keys under Settings, MediaLive",
    )
  })
