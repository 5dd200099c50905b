/**
 * Servers on this machine that take notifications: HTTP, and as much of SMTP (RFC 5321, AUTH of RFC 4954) as a
 * client needs.
 */
import { createServer as createHttpServer, type IncomingHttpHeaders, type ServerResponse } from "node:http"
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net"

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port))
  })

/** @param answer 200 unless it answers otherwise; one that does nothing hangs */
export const startHttpReceiver = async (
  answer: (response: ServerResponse, received: Received, n: number) => void = (response) => void response.end("ok"),
) => {
  const received: Received[] = []
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => void chunks.push(chunk))
    request.on("end", () => {
      const bytes = Buffer.concat(chunks)
      // A sender that gave its request up sends it again.
      if (bytes.length < Number(request.headers["content-length"] ?? 0)) return
      const one = { path: request.url ?? "", headers: request.headers, body: bytes.toString() }
      received.push(one)
      answer(response, one, received.length)
    })
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface Mail {
  readonly login: string | null
  readonly from: string
  readonly to: ReadonlyArray<string>
  readonly data: string
}

/** @param options `login` as `user:password` is asked for; `refuse` gives the answer to a receiver's address */
export const startMailReceiver = async (
  options: { readonly login?: string; readonly refuse?: (address: string) => string | null } = {},
) => {
  const mails: Mail[] = []
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    socket.on("error", () => socket.destroy())
    const say = (line: string) => void socket.write(`${line}\r\n`)
    let buffered = ""
    let mail = { login: null as string | null, from: "", to: [] as string[], data: "" }
    let inData = false
    const command = (line: string) => {
      const [verb = "", ...rest] = line.split(" ")
      const address = /<([^>]*)>/.exec(line)?.[1] ?? ""
      switch (verb.toUpperCase()) {
        case "EHLO":
          return say(options.login === undefined ? "250 mail.test" : "250-mail.test\r\n250 AUTH PLAIN")
        case "AUTH": {
          const login = Buffer.from(rest[1] ?? "", "base64")
            .toString()
            .split("\0")
            .slice(1)
            .join(":")
          if (login !== options.login) return say(`535 5.7.8 ${rest[1]} is not known here`)
          mail = { ...mail, login }
          return say("235 2.7.0 welcome")
        }
        case "MAIL":
          if (options.login !== undefined && mail.login === null) return say("530 5.7.0 log in first")
          mail = { ...mail, from: address }
          return say("250 2.1.0 ok")
        case "RCPT": {
          const refusal = options.refuse?.(address) ?? null
          if (refusal !== null) return say(refusal)
          mail.to.push(address)
          return say("250 2.1.5 ok")
        }
        case "DATA":
          inData = true
          return say("354 go on")
        case "STARTTLS":
          return say("454 4.7.0 no TLS here")
        case "QUIT":
          say("221 2.0.0 bye")
          return void socket.end()
        default:
          return say("250 ok")
      }
    }
    socket.on("data", (chunk) => {
      buffered += chunk.toString("latin1")
      for (let end = buffered.indexOf("\r\n"); end >= 0; end = buffered.indexOf("\r\n")) {
        const line = buffered.slice(0, end)
        buffered = buffered.slice(end + 2)
        if (!inData) command(line)
        else if (line !== ".") mail.data += `${line.replace(/^\.\./, ".")}\r\n`
        else {
          inData = false
          mails.push(mail)
          mail = { login: mail.login, from: "", to: [], data: "" }
          say(`250 2.0.0 queued as ${mails.length}`)
        }
      }
    })
    say("220 mail.test ESMTP")
  })
  const port = await listen(server)
  return {
    port,
    mails,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
