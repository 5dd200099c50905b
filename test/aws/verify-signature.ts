/** Signature Version 4 of a request as it arrived, worked out anew by the steps of AWS's own description. */
import { createHash, createHmac } from "node:crypto"

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest()
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

/** RFC 3986, as AWS encodes: everything but unreserved characters. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

export interface SignedBy {
  readonly accessKeyId: string
  readonly service: string
  readonly region: string
}

const HEADER =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/

/** Who signed it and for what; null without a signature, or with one that is not right. */
export const signedBy = (
  request: { readonly method: string; readonly url: string; readonly headers: Headers; readonly body: string },
  secretOf: (accessKeyId: string) => string | undefined,
): SignedBy | null => {
  const [, accessKeyId = "", day = "", region = "", service = "", names = "", signature] =
    HEADER.exec(request.headers.get("authorization") ?? "") ?? []
  const secret = secretOf(accessKeyId)
  if (signature === undefined || secret === undefined) return null
  const url = new URL(request.url)
  // Other services than S3 sign each part of the path encoded once more.
  const path = url.pathname.split("/").map(encoded).join("/")
  const query = [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join("&")
  const list = names.split(";")
  const headerOf = (name: string) => request.headers.get(name) ?? (name === "host" ? url.host : "")
  const headers = list.map((name) => `${name}:${headerOf(name).trim()}\n`).join("")
  const hash = request.headers.get("x-amz-content-sha256") ?? sha256(request.body)
  const canonical = [request.method, path, query, headers, names, hash].join("\n")
  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = ["AWS4-HMAC-SHA256", request.headers.get("x-amz-date"), scope, sha256(canonical)].join("\n")
  const key = [region, service, "aws4_request"].reduce((last, part) => hmac(last, part), hmac(`AWS4${secret}`, day))
  return hmac(key, toSign).toString("hex") === signature ? { accessKeyId, service, region } : null
}
