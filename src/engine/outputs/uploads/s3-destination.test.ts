import { createHash, createHmac } from "node:crypto"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it } from "vitest"
import { HttpSink } from "./http-sink.ts"
import { s3Base, s3Destination } from "./s3-destination.ts"
import { s3Keys } from "./s3-keys.ts"

describe("where objects are", () => {
  it.each([
    ["bucket", "live/a", "eu-west-1", undefined, "https://bucket.s3.eu-west-1.amazonaws.com/live/a/"],
    ["my.bucket", "", "us-east-1", undefined, "https://s3.us-east-1.amazonaws.com/my.bucket/"],
    ["bucket", "a b/ö", "us-east-1", "https://s3.example.com/", "https://s3.example.com/bucket/a%20b/%C3%B6/"],
    ["bucket", "x", "us-east-1", "http://127.0.0.1:9000/base/", "http://127.0.0.1:9000/base/bucket/x/"],
  ])("%s/%s in %s at %s", (bucket, prefix, region, endpoint, base) =>
    expect(s3Base(bucket, prefix, region, endpoint)).toBe(base),
  )

  it.each(["minio", "ftp://h", "https://u:p@h"])("%s is no endpoint", (endpoint) =>
    expect(() => s3Base("bucket", "", "r", endpoint)).toThrow(/s3_endpoint must be/),
  )
})

describe("keys", () => {
  const environment = {
    AWS_ACCESS_KEY_ID: "E",
    AWS_SECRET_ACCESS_KEY: "S",
    AWS_SESSION_TOKEN: "T",
    AWS_DEFAULT_REGION: "eu-north-1",
  }
  it.each([
    [{}, environment, { accessKeyId: "E", secretAccessKey: "S", sessionToken: "T", region: "eu-north-1" }],
    [
      { s3_access_key_id: "A", s3_secret_access_key: "B", s3_region: "r" },
      environment,
      { accessKeyId: "A", secretAccessKey: "B", sessionToken: null, region: "r" },
    ],
    [
      { s3_access_key_id: "A", s3_secret_access_key: "B" },
      {},
      { accessKeyId: "A", secretAccessKey: "B", sessionToken: null, region: "us-east-1" },
    ],
  ])("of %j and the environment", (settings, env, keys) => expect(s3Keys(settings, env)).toEqual(keys))

  it.each([
    [{}, {}],
    [{ s3_access_key_id: "A" }, environment],
    [{ s3_secret_access_key: "A" }, environment],
  ])("%j with %j are not enough", (settings, env) => expect(() => s3Keys(settings, env)).toThrow(/S3 needs keys/))
})

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest()

/** Computes Signature Version 4 of a request as it arrived, by the steps of AWS's own description. */
const signatureOf = (method: string, url: string, headers: IncomingHttpHeaders, secret: string): string => {
  const given = String(headers.authorization)
  const [, day = "", region = ""] = /Credential=[^/]+\/(\d{8})\/([^/]+)\/s3\/aws4_request/.exec(given) ?? []
  const names = (/SignedHeaders=([^,]+)/.exec(given)?.[1] ?? "").split(";")
  const listed = names.map((name) => `${name}:${String(headers[name]).trim()}\n`).join("")
  const canonical = [method, url, "", listed, names.join(";"), headers["x-amz-content-sha256"]].join("\n")
  const digest = createHash("sha256").update(canonical).digest("hex")
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], `${day}/${region}/s3/aws4_request`, digest].join("\n")
  const key = ["s3", "aws4_request"].reduce((last, part) => hmac(last, part), hmac(hmac(`AWS4${secret}`, day), region))
  return hmac(key, toSign).toString("hex")
}

it("every request carries the signature that a server will work out for it", async () => {
  const seen: Array<{ method: string; url: string; headers: IncomingHttpHeaders }> = []
  const server = createServer((request, response) => {
    seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers })
    request.resume().on("end", () => response.end())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const settings = {
    s3_endpoint: endpoint,
    s3_region: "eu-west-1",
    s3_access_key_id: "AKID",
    s3_secret_access_key: "geheim",
  }
  const target = { protocol: "hls", kind: "s3", bucket: "bucket", prefix: "live/my channel" } as const
  const sink = new HttpSink(s3Destination(target, settings, {}), 2000)
  try {
    await sink.putSegment("1795284000000-000001.ts", [Buffer.from("abc"), Buffer.from("def")])
    await sink.putPlaylist("#EXTM3U")
    await sink.remove(["1795284000000-000000.ts"])
  } finally {
    await sink.close()
    server.close()
  }
  expect(seen.map(({ method, url }) => [method, url])).toEqual([
    ["PUT", "/bucket/live/my%20channel/1795284000000-000001.ts"],
    ["PUT", "/bucket/live/my%20channel/index.m3u8"],
    ["DELETE", "/bucket/live/my%20channel/1795284000000-000000.ts"],
  ])
  for (const { headers, method, url } of seen) {
    expect(/Signature=([0-9a-f]{64})$/.exec(String(headers.authorization))?.[1]).toBe(
      signatureOf(method, url, headers, "geheim"),
    )
    expect(String(headers.authorization)).toMatch(/Credential=AKID\/\d{8}\/eu-west-1\/s3\/aws4_request/)
  }
})
