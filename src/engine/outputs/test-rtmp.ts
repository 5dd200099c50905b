/**
 * The dry run of an RTMP destination. Whether the stream key works the server says only to who publishes, so it is
 * published for a moment, without any media, and ended again. A publication that runs with the key is left alone: some
 * servers end it for a second one.
 */
import { withKeyQuery } from "../../core/output/key-test.ts"
import { parseOutputUrl, type RtmpTarget } from "../../core/output/output-url.ts"
import { isSameStream, type RtmpUrl } from "../../core/rtmp/rtmp-url.ts"
import type { OutputSpec, Reason } from "../protocol/messages.ts"
import { RtmpConnection } from "../rtmp/rtmp-connection.ts"
import type { OutputSession } from "./output-session.ts"
import { type Outcome, poll, TOO_LATE } from "./test-outcome.ts"

/**
 * Servers that look at the key only after they have said that the publication has started close within a second or two.
 */
const SETTLED_AFTER_MS = 3000

type Conclusion = { readonly steps: ReadonlyArray<string>; readonly untested: string | null }

const UNTRIED = "the stream key was not tried"

/** The session that publishes with this key, or is about to. */
const publisherOf = (url: RtmpUrl, sessions: Iterable<OutputSession>): OutputSession | null => {
  for (const session of sessions) {
    if (session.state === "ended" || !session.spec.url.startsWith("rtmp")) continue
    const parsed = parseOutputUrl(session.spec.url, session.spec.stream_key ?? undefined)
    if (parsed.ok && parsed.target.protocol === "rtmp" && isSameStream(parsed.target.url, url)) return session
  }
  return null
}

/** What a publication that runs already tells of its key. */
const knownFrom = (session: OutputSession): Conclusion => {
  const { connected_at } = session.stats()
  const name = `the output ${session.spec.label}`
  if (session.state === "connected" && connected_at !== null && Date.now() - connected_at >= SETTLED_AFTER_MS)
    return {
      steps: [`${name} publishes with this stream key at this moment: it was not published a second time`],
      untested: null,
    }
  return { steps: [], untested: `${UNTRIED}: ${name} is connecting with it at this moment` }
}

/** A publication that ended soon after its start. */
const endedEarly = (reason: Reason, afterMs: number): Reason => ({
  ...reason,
  message: `${reason.message}, ${(afterMs / 1000).toFixed(1)} s after it had started the publication: check the stream key`,
})

/** @param publish null forbids to publish */
export const testRtmp = (
  spec: OutputSpec,
  target: RtmpTarget,
  publish: { readonly query: string } | null,
  sessions: Iterable<OutputSession>,
): Promise<Outcome> => {
  const notes: string[] = []
  const running = publisherOf(target.url, sessions)
  const tried = publish !== null && running === null
  let readyMs: number | null = null
  let result: { readonly error: Reason | null } | null = null
  const connection = new RtmpConnection(
    {
      url: tried ? { ...target.url, streamKey: withKeyQuery(target.url.streamKey, publish.query) } : target.url,
      verifyTls: spec.settings?.verify_tls !== false,
      publicOnly: spec.public_only === true,
      ...(tried ? { mode: "publish", announce: "without_release" } : { mode: "probe" }),
    },
    {
      ready: () => (readyMs = performance.now()),
      probed: () => (result = { error: null }),
      ended: (error) => (result = { error: readyMs === null ? error : endedEarly(error, performance.now() - readyMs) }),
      drained: () => {},
      note: (text) => notes.push(text),
    },
  )
  const conclusion = (): Conclusion => {
    if (tried)
      return {
        steps: ["the server has started the publication with this stream key; it was ended again"],
        untested: null,
      }
    const { steps, untested } = running === null ? { steps: [], untested: UNTRIED } : knownFrom(running)
    return { steps: ["logged in and given a stream", ...steps], untested }
  }
  const outcome = (error: Reason | null): Outcome => {
    const server = connection.serverVersion === "" ? [] : [`the server calls itself ${connection.serverVersion}`]
    const { steps, untested } = error === null ? conclusion() : { steps: [], untested: null }
    const how = [...server, ...connection.steps, ...notes, ...steps]
    connection.close()
    return { error, steps: how, address: connection.address, untested }
  }
  return poll(
    () => {
      connection.poll()
      if (result !== null) return outcome(result.error)
      return readyMs !== null && performance.now() - readyMs >= SETTLED_AFTER_MS ? outcome(null) : null
    },
    () => outcome(TOO_LATE),
  )
}
