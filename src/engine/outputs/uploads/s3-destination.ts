/** Where objects of a bucket are, by URL, and whose keys sign the requests. */
import type { OutputSettings } from "../../../core/output/output-settings.ts"
import type { HlsTarget } from "../../../core/output/output-url.ts"
import { SetupFailure } from "../../protocol/setup-failure.ts"
import type { HttpDestination } from "./http-sink.ts"
import { s3Keys } from "./s3-keys.ts"
import { s3Signer } from "./s3-signer.ts"

/**
 * The URL that the keys of objects are put behind: of a server of its own by path, of AWS by host unless the name has
 * dots.
 */
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
