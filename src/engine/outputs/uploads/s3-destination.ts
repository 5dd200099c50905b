/** Where objects of a bucket are, by URL, and whose keys sign the requests. */
import type { OutputSettings } from "../../../core/output/output-settings.ts"
import type { HlsTarget } from "../../../core/output/output-url.ts"
import { OUTPUT_SETTINGS } from "../../../core/output/setting-table.ts"
import { SetupFailure } from "../../protocol/setup-failure.ts"
import type { HttpDestination } from "./http-sink.ts"
import { s3Signer } from "./s3-signer.ts"

export interface S3Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary keys. */
  readonly sessionToken: string | null
  readonly region: string
}

const DEFAULT_REGION = OUTPUT_SETTINGS.s3_region.default

/** Keys of the settings, or else those of the environment as all tools of AWS read them. Throws SetupFailure without any. */
export const s3Keys = (settings: OutputSettings, environment: Readonly<Record<string, string | undefined>>): S3Keys => {
  const region = settings.s3_region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? DEFAULT_REGION
  const { s3_access_key_id: ownId, s3_secret_access_key: ownSecret } = settings
  const [accessKeyId, secretAccessKey, sessionToken] =
    ownId !== undefined || ownSecret !== undefined
      ? [ownId, ownSecret, undefined]
      : [environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], environment["AWS_SESSION_TOKEN"]]
  if (!accessKeyId || !secretAccessKey) {
    const message =
      "S3 needs keys: set s3_access_key_id and s3_secret_access_key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the service's environment"
    throw new SetupFailure({ code: "s3_keys", message, transient: false })
  }
  return { accessKeyId, secretAccessKey, sessionToken: sessionToken ?? null, region }
}

/** The URL that the keys of objects are put behind: of a server of its own by path, of AWS by host unless the name has dots. */
export const s3Base = (bucket: string, prefix: string, region: string, endpoint: string | undefined): string => {
  const path = prefix === "" ? "" : `${prefix.split("/").map(encodeURIComponent).join("/")}/`
  if (endpoint === undefined || endpoint === "") {
    return bucket.includes(".")
      ? `https://s3.${region}.amazonaws.com/${bucket}/${path}`
      : `https://${bucket}.s3.${region}.amazonaws.com/${path}`
  }
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.username !== "") {
    const message = "s3_endpoint must be the URL of a server, as https://s3.example.com or http://127.0.0.1:9000"
    throw new SetupFailure({ code: "s3_endpoint", message, transient: false })
  }
  return `${url.origin}${url.pathname.replace(/\/$/, "")}/${bucket}/${path}`
}

export const s3Destination = (
  target: Extract<HlsTarget, { readonly kind: "s3" }>,
  settings: OutputSettings,
  environment: Readonly<Record<string, string | undefined>>,
): HttpDestination => {
  const keys = s3Keys(settings, environment)
  return {
    base: s3Base(target.bucket, target.prefix, keys.region, settings.s3_endpoint),
    query: "",
    playlist: "",
    method: "PUT",
    verifyTls: settings.verify_tls ?? true,
    sign: s3Signer(keys),
  }
}
