/**
 * Dry runs of destinations: as far as a connection goes without sending anything of a channel. What they could not try
 * they say: a destination whose key nobody looked at has passed no test.
 */
import { constants } from "node:fs"
import { access, mkdir } from "node:fs/promises"
import { connect } from "node:net"
import { connect as connectTls } from "node:tls"
import { formatEndpoint } from "../../core/net/address.ts"
import { readBackup } from "../../core/output/backup-url.ts"
import { type OutputTarget, parseOutputUrl, type SrtTarget } from "../../core/output/output-url.ts"
import { monotonicUs } from "../ffi/clock.ts"
import type { OutputSpec, OutputTest, Reason } from "../protocol/messages.ts"
import { reasonOf, SetupFailure } from "../protocol/setup-failure.ts"
import { connectionFailure } from "../rtmp/connection-failure.ts"
import { resolve } from "../system/resolve.ts"
import { type Opened, openSession, openSrt } from "./open-session.ts"
import type { OutputSession, SessionContext } from "./output-session.ts"
import { failed, type Outcome, poll, TOO_LATE, WITHIN_MS } from "./test-outcome.ts"
import { testRtmp } from "./test-rtmp.ts"

/** What a dry run may do, and beside what. */
export interface TestAllowance {
  /** RTMP: publishes for a moment, with `query` behind the stream key; null forbids it. */
  readonly publish: { readonly query: string } | null
  /** The sessions that run, which must not be disturbed. */
  readonly sessions: Iterable<OutputSession>
}

/** Never rejects. */
export const testOutput = async (
  context: SessionContext,
  spec: OutputSpec,
  allowance: TestAllowance,
): Promise<OutputTest> => {
  const startedMs = performance.now()
  const {
    address,
    error,
    steps,
    untested = null,
  } = await run(context, spec, allowance).catch((cause: unknown) => failed(reasonOf(cause)))
  const took_ms = Math.round(performance.now() - startedMs)
  return { ok: error === null, error, untested: error === null ? untested : null, steps: [...steps], address, took_ms }
}

const run = async (context: SessionContext, spec: OutputSpec, allowance: TestAllowance): Promise<Outcome> => {
  const parsed = parseOutputUrl(spec.url, spec.stream_key ?? undefined)
  if (!parsed.ok)
    throw new SetupFailure({ code: "url", message: parsed.errors.map((e) => e.message).join("; "), transient: false })
  return runTarget(context, spec, parsed.target, allowance)
}

const runTarget = async (
  context: SessionContext,
  spec: OutputSpec,
  target: OutputTarget,
  allowance: TestAllowance,
): Promise<Outcome> => {
  switch (target.protocol) {
    case "rtmp":
      return testRtmp(spec, target, allowance.publish, allowance.sessions)
    case "rtsp":
      throw new SetupFailure({
        code: "url",
        message: "destinations over RTSP are tested by the control plane",
        transient: false,
      })
    case "srt":
      return testSrt(context, spec, target)
    case "udp":
    case "rtp":
      return testSession(spec, openSession(context, spec, 0))
    case "file":
      return testDirectory(spec)
    case "hls":
      return target.kind === "directory"
        ? testDirectory(spec)
        : testUpload(spec, target.kind === "http" ? target.base : null)
  }
}

/** A receiver and its backup both have to take the connection. */
const testSrt = async (context: SessionContext, spec: OutputSpec, target: SrtTarget): Promise<Outcome> => {
  const { backup_url, ...settings } = spec.settings ?? {}
  if (backup_url === undefined) return testSession(spec, openSession(context, spec, 0))
  const backup = readBackup(target, backup_url)
  if (!backup.ok) return failed({ code: "url", message: `backup_url ${backup.errors.join("; ")}`, transient: false })
  const alone = { ...spec, settings }
  const tried = (own: SrtTarget) => testSession(alone, openSrt(context, alone, 0, { ...own, stack: "own" }))
  const [main, second] = await Promise.all([tried(target), tried(backup.target)])
  const named = ({ address, error, steps }: Outcome, name: string) => ({
    error: error === null ? null : { ...error, message: `the ${name} receiver: ${error.message}` },
    steps: steps.map((step) => `${name} receiver${address === null ? "" : ` ${address}`}: ${step}`),
  })
  const [first, other] = [named(main, "main"), named(second, "backup")]
  return { address: main.address, error: first.error ?? other.error, steps: [...first.steps, ...other.steps] }
}

/** SRT connects and is told to leave again; UDP and RTP can only show that packets would find their way out. */
const testSession = (spec: OutputSpec, opened: Opened): Promise<Outcome> => {
  if (!opened.ok) return Promise.resolve(failed(opened.error))
  const { session } = opened
  const outcome = (error: Reason | null, ...steps: ReadonlyArray<string>): Outcome => {
    const { address, warnings } = session.stats()
    session.close()
    return { error, steps: [...steps, ...warnings], address }
  }
  return poll(
    () => {
      session.poll(monotonicUs())
      if (session.state === "ended") return outcome(session.reason ?? TOO_LATE)
      if (session.state === "listening") return outcome(null, "the port is free: receivers can connect to it")
      if (session.state !== "connected") return null
      return spec.url.startsWith("srt")
        ? outcome(null, "connected")
        : outcome(null, "the socket is open; nobody answers to UDP")
    },
    () => outcome(TOO_LATE),
  )
}

const testDirectory = async ({ directory }: OutputSpec): Promise<Outcome> => {
  if (directory == null)
    throw new SetupFailure({ code: "directory", message: "the directory is missing", transient: false })
  try {
    await mkdir(directory, { recursive: true })
    await access(directory, constants.W_OK)
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new SetupFailure({ code: "directory", message: `${directory} cannot be written: ${text}`, transient: false })
  }
  return { error: null, steps: [`${directory} can be written`], address: null }
}

const testUpload = async (spec: OutputSpec, base: string | null): Promise<Outcome> => {
  const url = new URL(
    base ?? spec.settings?.s3_endpoint ?? `https://s3.${spec.settings?.s3_region ?? "us-east-1"}.amazonaws.com/`,
  )
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port)
  const { address, steps } = await reach(spec, url.hostname, port, url.protocol === "https:")
  return { error: null, address, steps, untested: "the login and the path were not tried: that takes uploading" }
}

/** Connects, over TLS where told, and leaves. */
const reach = async (spec: OutputSpec, host: string, port: number, tls: boolean) => {
  const { address } = await resolve(host.replace(/^\[|\]$/g, ""), spec.public_only === true)
  const steps = [`resolved to ${address}`]
  await new Promise<void>((done, reject) => {
    const fail = (cause: unknown) => {
      socket.destroy()
      reject(new SetupFailure(connectionFailure(cause, host, port, tls)))
    }
    const names = {
      host: address,
      port,
      rejectUnauthorized: spec.settings?.verify_tls !== false,
      ...(/[a-z]/i.test(host) && !host.includes(":") ? { servername: host } : {}),
    }
    const socket = tls ? connectTls(names) : connect(port, address)
    socket.setTimeout(WITHIN_MS, () => fail(new Error("no answer in time")))
    socket.once("error", fail)
    socket.once(tls ? "secureConnect" : "connect", () => {
      steps.push(tls ? "TLS handshake done, certificate accepted" : "connected")
      socket.destroy()
      done()
    })
    socket.once("close", () =>
      reject(new SetupFailure({ code: "closed", message: `${host}:${port} closed the connection`, transient: true })),
    )
  })
  return { address: formatEndpoint(address, port), steps }
}
