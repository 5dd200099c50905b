/** Destinations of notifications with a secret each: with servers that refuse, that repeat what they got, and none. */
import { expect } from "vitest"
import { startHttpReceiver, startMailReceiver } from "../../src/effects/testing/receivers.ts"
import type { SecretSearch } from "./secret-search.ts"

/** Asks the product, and looks at the answer. */
// biome-ignore lint/suspicious/noExplicitAny: what is answered is looked at by the tests
type Call = (method: string, path: string, body?: unknown) => Promise<{ status: number; text: string; body: any }>

/** Adds destinations; each is tried by its test button, and told of outputs that are down. */
export const addDestinations = async (
  search: SecretSearch,
  call: Call,
  atEnd: (close: () => unknown) => void,
): Promise<void> => {
  const { planted, secrets } = search
  const refusing = await startMailReceiver({ login: "me:another" })
  const http = await startHttpReceiver((response, { path }) => {
    response.writeHead(500)
    response.end(`${path} is broken`)
  })
  atEnd(refusing.close)
  atEnd(http.close)
  const mail = {
    kind: "email",
    host: "127.0.0.1",
    port: refusing.port,
    security: "none",
    from: "a@example.com",
    to: ["b@example.com"],
  }
  for (const destination of [
    { name: "mail", ...mail, user: "me", password: planted("MailPassword") },
    { name: "chat", kind: "slack", url: `${http.url}/services/${planted("SlackPath")}` },
    {
      name: "hook",
      kind: "webhook",
      url: `${http.url}/hook?token=${planted("HookToken")}`,
      secret: planted("HookSecret"),
    },
    {
      name: "dead",
      kind: "webhook",
      url: `http://127.0.0.1:9/${planted("DeadHook")}`,
      secret: planted("DeadHookSecret"),
    },
  ]) {
    search.begin()
    const created = await call("POST", "/api/notifications/destinations", destination)
    expect(created.status, created.text).toBe(201)
    const path = `/api/notifications/destinations/${created.body.id}`
    expect((await call("GET", path)).status).toBe(200)
    expect((await call("POST", `${path}/test`)).body).toMatchObject({ ok: false })
    expect(
      (await call("PUT", path, { port: 99_999, url: secrets.at(-1), password: 1, secret: [secrets.at(-1)] })).status,
    ).toBe(400)
  }
  const rules = { rules: [{ kinds: ["output_down"] }], output_down_after_s: 0, group_wait_s: 0, group_interval_s: 0 }
  expect((await call("PUT", "/api/notifications/rules", rules)).status).toBe(200)
}
