/** A bucket's HTTP interface that takes what is signed with one secret key (AWS Signature Version 4), and nothing else. */
import { createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { AwsV4Signer } from "aws4fetch"

export const S3_ACCESS_KEY = "AKIDNEWS"

const header = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? "")

/** Whether the request's signature is the one that `secretAccessKey` gives for what it says it has signed. */
const isSignedWith = async (secretAccessKey: string, request: IncomingMessage): Promise<boolean> => {
  const authorization = header(request, "authorization")
  const [, accessKeyId, region, names = ""] =
    /^AWS4-HMAC-SHA256 Credential=(\w+)\/\d{8}\/([\w-]+)\/s3\/aws4_request, SignedHeaders=([\w;-]+), /.exec(
      authorization,
    ) ?? []
  if (accessKeyId !== S3_ACCESS_KEY || region === undefined) return false
  const signer = new AwsV4Signer({
    method: request.method ?? "",
    url: `http://${header(request, "host")}${request.url ?? ""}`,
    headers: Object.fromEntries(names.split(";").map((name) => [name, header(request, name)])),
    accessKeyId,
    secretAccessKey,
    service: "s3",
    region,
    datetime: header(request, "x-amz-date"),
  })
  return (await signer.sign()).headers.get("authorization") === authorization
}

export class SignedS3Server {
  readonly endpoint: string
  /** Paths of what was put with the right signature. */
  readonly objects: ReadonlySet<string>
  refused = 0
  readonly #server: Server

  private constructor(server: Server, objects: Set<string>) {
    this.#server = server
    this.objects = objects
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(secretAccessKey: string): Promise<SignedS3Server> {
    const objects = new Set<string>()
    const http = createServer((request, response) => {
      request.resume().once("end", async () => {
        const known = await isSignedWith(secretAccessKey, request)
        if (known) objects.add(request.url ?? "")
        else started.refused += 1
        response
          .writeHead(known ? 200 : 403, { "content-type": "application/xml" })
          .end(known ? "" : "<Error><Code>SignatureDoesNotMatch</Code></Error>")
      })
    })
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
    const started: SignedS3Server = new SignedS3Server(http, objects)
    return started
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
