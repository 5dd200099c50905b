/** A service with one channel of the tag `sport`, accounts that are bound to it, and others' channels to look for. */
import { Effect } from "effect"
import { newCue } from "../../effects/testing/cues.ts"
import type { RealApp, RealApps } from "./real-app.ts"
import { withKey } from "./test-app.ts"

/** Stands in every name that others' channels have. */
const PLANTED = "Planted4711"
/** True for a text in which anything of others' channels stands, their slugs included. */
export const namesOthers = (text: string): boolean => /planted4711/i.test(text)
export const OWN_CHANNEL = "Own Match"
const ADMIN_KEY = "the-key-of-the-environment"
const FORM = "application/x-www-form-urlencoded"

/** What is sent with a request: fields of a form, or nothing in them. */
type Sent = "json" | "form" | Readonly<Record<string, string>>

/** All of an answer; of a stream, which does not end, the first message. */
const textOf = async (answer: Response): Promise<string> => {
  if (answer.headers.get("content-type")?.startsWith("text/event-stream") !== true) return answer.text()
  const reader = answer.body?.getReader()
  const first = await reader?.read()
  await reader?.cancel()
  return new TextDecoder().decode(first?.value)
}

/** Gives each of the channels a cue of a minute ago. */
const plantCues = ({ store }: RealApp, channels: ReadonlyArray<Record<string, unknown>>) =>
  Effect.runPromise(
    store.writeCues(
      channels.map(({ id, name }) => ({
        id: null,
        cue: newCue({ channelId: String(id), at: Date.now() - 60_000, kind: "out", description: `break of ${name}` }),
      })),
    ),
  )

export const startBoundStation = async (apps: RealApps) => {
  const real = await apps.start({ settings: withKey(ADMIN_KEY) })
  const send = (method: string, path: string, body?: unknown, key = ADMIN_KEY) =>
    real.call(method, path, body, { "X-API-Key": key })
  const made = async (path: string, body: object) => {
    const answer = await send("POST", path, body)
    if (answer.status !== 201) throw new Error(`${path}: ${answer.text}`)
    return answer.body
  }
  const channel = (name: string, rtp_port: number, tags: ReadonlyArray<string>, output: string) =>
    made("/api/channels", { name, rtp_port, tags, outputs: [{ name: output, url: `srt://192.0.2.7:${rtp_port}` }] })
  const own = await channel(OWN_CHANNEL, 5000, ["sport"], "Own out")
  const hidden = await channel(`${PLANTED} News`, 5100, ["news"], `${PLANTED} out`)
  const bare = await channel(`${PLANTED} Bare`, 5200, [], `${PLANTED} bare`)
  for (const { id } of [own, hidden, bare]) {
    await send("PUT", `/api/channels/${id}`, { autostart: true })
    await send("POST", `/api/channels/${id}/start`)
  }
  // Nothing on its pages changes by itself then.
  await send("POST", `/api/channels/${own["id"]}/stop`)
  await plantCues(real, [own, hidden])
  const form = (path: string, fields: Record<string, string>) =>
    real.call("POST", path, new URLSearchParams(fields).toString(), { "X-API-Key": ADMIN_KEY, "Content-Type": FORM })
  const [output] = hidden["outputs"] as ReadonlyArray<{ readonly slug: string }>
  await form(`/channels/${hidden["id"]}/outputs/${output?.slug}/partner`, { label: `${PLANTED} TV`, days: "3" })
  await made("/api/notifications/mutes", { channel: hidden["slug"], minutes: 60, reason: `${PLANTED} works` })
  const key = async (name: string, role: string, tags: ReadonlyArray<string>) =>
    String((await made("/api/keys", { name, role, tags }))["key"])

  return {
    ...real,
    own: { id: String(own["id"]) },
    hidden: {
      id: String(hidden["id"]),
      slug: String(hidden["slug"]),
      number: Number(hidden["number"]),
      output: output?.slug ?? "",
    },
    keys: {
      admin: ADMIN_KEY,
      whole: await key("whole", "operator", []),
      viewer: await key("viewer", "viewer", ["sport"]),
      operator: await key("operator", "operator", ["sport"]),
      second: await key("second", "operator", ["sport"]),
    },
    /** Sends JSON with a key, that of an admin unless told otherwise. */
    send,
    admin: (method: string, path: string, body?: unknown) => send(method, path, body),
    /** Sends what a program or a browser sends, with a key. */
    ask: async (method: string, path: string, apiKey: string, sent: Sent = "json") => {
      const fields = sent === "json" || sent === "form" ? {} : sent
      const body = sent === "json" ? "{}" : new URLSearchParams(fields).toString()
      const type = sent === "json" ? "application/json" : FORM
      const answer = await real.app.request(path, {
        method,
        headers: { "X-API-Key": apiKey, ...(method === "GET" ? {} : { "Content-Type": type }) },
        ...(method === "GET" ? {} : { body }),
      })
      return { status: answer.status, headers: answer.headers, text: await textOf(answer) }
    },
    /** What there is of the others' channels beside their configuration: states, links and mutes. */
    other: async () => {
      const { body } = await send("GET", "/api/channels")
      const others = (body["channels"] as ReadonlyArray<{ readonly id: string; readonly status: string }>)
        .filter(({ id }) => id !== own["id"])
        // Without a process behind it the engine brings them no input, after a while.
        .map(({ id, status }) => [id, status !== "stopped"])
      const links = await send("GET", `/channels/${hidden["id"]}/outputs/${output?.slug}/partner`)
      return [others, links.text.match(/\/revoke/g)?.length, (await send("GET", "/api/notifications/mutes")).body]
    },
  }
}

export type BoundStation = Awaited<ReturnType<typeof startBoundStation>>
