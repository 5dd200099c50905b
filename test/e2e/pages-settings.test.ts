/**
 * The settings in Chromium, on the running product with an API key and users: what each role sees and may do, and what
 * it changes.
 */
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startHttpReceiver } from "../../src/effects/testing/receivers.ts"
import { axe, openPage, startBrowser } from "./browser.ts"
import { freeUdpPort } from "./ports.ts"
import { Product } from "./product.ts"

const PASSWORD = "correct horse battery"

let browser: Browser
let product: Product
let hook: Awaited<ReturnType<typeof startHttpReceiver>>

/** An API key; from the first one on everybody has to show one or log in. */
let ADMIN: Record<string, string> = {}
const api = (method: string, path: string, body?: unknown) => product.api(method, path, body, ADMIN)
beforeAll(async () => {
  ;[browser, product, hook] = await Promise.all([startBrowser(), Product.start(), startHttpReceiver()])
  const { body } = await product.api<{ key: string }>("POST", "/api/keys", { name: "the-key", role: "admin" })
  ADMIN = { "X-API-Key": body.key }
  await api("POST", "/api/channels", { name: "News", rtp_ip: "127.0.0.1", rtp_port: await freeUdpPort() })
  // Nobody sends to it.
  await api("POST", "/api/channels/news/start")
  for (const role of ["viewer", "operator", "admin"])
    await api("POST", "/api/users", { name: `the-${role}`, role, password: PASSWORD })
})
afterAll(async () => {
  await Promise.all([browser?.close(), product?.dispose(), hook?.close()])
})

const logIn = async (page: Page, user: string, password = PASSWORD) => {
  await page.getByLabel("User", { exact: true }).fill(user)
  await page.getByLabel("Password", { exact: true }).fill(password)
  await page.getByRole("button", { name: "Log in", exact: true }).click()
}
/** Opens a page of the product as one of its users. */
const openAs = async (user: string, path: string, options?: Parameters<typeof openPage>[2]) => {
  const opened = await openPage(browser, `${product.url}${path}`, options)
  await logIn(opened.page, user)
  await opened.page.waitForURL(`${product.url}${path}`)
  return opened
}
const sections = async (page: Page) =>
  (await page.getByRole("navigation", { name: "Settings" }).getByRole("link").allTextContents()).join(" ")

describe("the settings", () => {
  it("are those that the role may open, and a viewer changes the own password", async () => {
    const { page, problems, expectProblem, close } = await openAs("the-viewer", "/settings")
    expect(await sections(page)).toBe("Overview Notifications Configuration")
    await page.getByText("with the role viewer").waitFor()
    await page.getByRole("link", { name: "Configuration" }).first().click()
    expect(await page.getByRole("button", { name: "Show what it changes" }).count()).toBe(0)
    expect((await page.request.get(`${product.url}/settings/users`)).status()).toBe(403)
    expectProblem(/status of 400/)
    await page.goto(`${product.url}/settings`)
    await page.getByLabel("Present password", { exact: true }).fill("wrong password")
    await page.getByLabel("New password", { exact: true }).fill("another long one")
    await page.getByLabel("New one again", { exact: true }).fill("another long one")
    await page.getByRole("button", { name: "Change password" }).click()
    await page.getByText("is not your password").waitFor()
    await page.getByLabel("Present password", { exact: true }).fill(PASSWORD)
    await page.getByLabel("New password", { exact: true }).fill("another long one")
    await page.getByLabel("New one again", { exact: true }).fill("another long one")
    await page.getByRole("button", { name: "Change password" }).click()
    await page.getByText("The password was changed.").waitFor()
    await page.getByRole("button", { name: "Log out" }).click()
    await logIn(page, "the-viewer", "another long one")
    await page.waitForURL(`${product.url}/`)
    expect(problems).toEqual([])
    await close()
  })

  it("let an operator make a template, and add an output from it", async () => {
    const { page, problems, close } = await openAs("the-operator", "/settings/templates")
    expect(await sections(page)).toBe("Overview Notifications Configuration Templates")
    await page.getByRole("link", { name: "Add template" }).click()
    await page.getByLabel("Template", { exact: true }).fill("cdn")
    await page.getByLabel("URL", { exact: true }).fill("srt://127.0.0.1:90{number}0?streamid={channel}")
    await page.getByLabel("Name of outputs").fill("CDN of {name}")
    await page.getByLabel("Outputs begin").selectOption("false")
    await page.getByRole("button", { name: "Add template" }).click()
    await page.getByText("srt://127.0.0.1:9010?streamid=news", { exact: true }).waitFor()
    await page.goto(`${product.url}/add/output?channel=news`)
    await page.getByLabel("Template", { exact: true }).selectOption("cdn")
    await page.getByText("Interpreted as: SRT caller to 127.0.0.1:9010").waitFor()
    await page.getByRole("button", { name: "Add output", exact: true }).click()
    await page.waitForURL("**/#output-*")
    const { body } = await product.api<{ outputs: ReadonlyArray<object> }>(
      "GET",
      "/api/channels/news",
      undefined,
      ADMIN,
    )
    expect(body.outputs).toMatchObject([
      { name: "CDN of News", enabled: false, url: "srt://127.0.0.1:9010?streamid=news" },
    ])
    expect(problems).toEqual([])
    await close()
  })

  it("let an admin add a user who logs in, and make a key that is shown once and lets in", async () => {
    const { page, problems, close } = await openAs("the-admin", "/settings/users")
    await page.getByLabel("Name", { exact: true }).fill("grace")
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD)
    await page.getByLabel("Role", { exact: true }).selectOption("operator")
    await page.getByRole("button", { name: "Add user" }).click()
    await page.getByRole("row", { name: /grace operator/ }).waitFor()
    const grace = await openAs("grace", "/settings")
    expect(await grace.page.getByText("with the role operator").count()).toBe(1)
    await grace.close()

    await page.getByRole("link", { name: "API keys" }).first().click()
    await page.getByLabel("Name", { exact: true }).fill("ci")
    await page.getByRole("button", { name: "Add key" }).click()
    await page.getByText("shown here once and never again").waitFor()
    await page.getByRole("button", { name: "Copy API key" }).click()
    await page.locator(".notice", { hasText: "API key" }).waitFor()
    expect(await axe(page)).toEqual([])
    const key = (await page.locator("code.url").textContent()) ?? ""
    const seen = await product.api("GET", "/api/channels", undefined, { "X-API-Key": key })
    expect([key.slice(0, 3), seen.status]).toEqual(["sd_", 200])
    await page.goto(`${product.url}/settings/keys`)
    expect(await page.content()).not.toContain(key)
    await page.getByRole("link", { name: "Remove key ci" }).click()
    await page.getByRole("button", { name: "Remove ci" }).click()
    await page.getByText("Removed.").waitFor()
    expect((await product.api("GET", "/api/channels", undefined, { "X-API-Key": key })).status).toBe(401)
    expect(problems).toEqual([])
    await close()
  })

  it("show what is wrong, on every page until it is acknowledged", async () => {
    const { page, problems, close } = await openAs("the-operator", "/settings/notifications")
    const acknowledge = page.getByRole("button", { name: "Acknowledge News: no input" })
    await expect.poll(async () => (await page.reload()) && acknowledge.count(), { timeout: 20_000 }).toBe(1)
    await page.goto(product.url)
    await page.getByRole("link", { name: "1 notice" }).click()
    await page.getByRole("rowheader", { name: "critical News: no input" }).waitFor()
    expect(await axe(page)).toEqual([])
    await acknowledge.click()
    await page.getByRole("cell", { name: "acknowledged by user the-operator" }).last().waitFor()
    expect(await page.getByRole("link", { name: "1 notice" }).count()).toBe(0)
    expect(problems).toEqual([])
    await close()
  })

  it("let an admin add a webhook, test it and read its answer", async () => {
    const { page, problems, close } = await openAs("the-admin", "/settings/notifications")
    await page.getByRole("link", { name: "Add destination" }).click()
    await page.getByRole("link", { name: "Webhook" }).click()
    await page.getByLabel("Name", { exact: true }).fill("Hook")
    await page.getByLabel("URL", { exact: true }).fill(`${hook.url}/secret-path`)
    await page.getByRole("button", { name: "Add destination" }).click()
    await page.getByRole("button", { name: "Test Hook" }).click()
    await page.getByText("The test of Hook went well: HTTP 200: ok").waitFor()
    expect(hook.received.map(({ path }) => path)).toEqual(["/secret-path"])
    expect(await page.content()).not.toContain("secret-path")
    await page.getByLabel("Channel", { exact: true }).selectOption("news")
    await page.getByRole("button", { name: "Mute", exact: true }).click()
    await page.getByText("channel news until").waitFor()
    await page.getByRole("button", { name: "End the mute of channel news" }).click()
    await page.getByText("Nothing is muted.").waitFor()
    expect(problems).toEqual([])
    await close()
  })
  it("show what a configuration changes, apply it and go back, without JavaScript", async () => {
    const { page, close } = await openAs("the-admin", "/settings/config", { javaScriptEnabled: false })
    const { body } = await product.api<{ channels: ReadonlyArray<object> }>("GET", "/api/config", undefined, ADMIN)
    const document = { ...body, channels: [...body.channels, { slug: "sport", name: "Sport", rtp_port: 70_000 }] }
    await page.getByLabel("Document").fill(JSON.stringify(document))
    await page.getByRole("button", { name: "Show what it changes" }).click()
    await page.getByText("must be a whole number from 1 to 65535 or null, got 70000").waitFor()
    expect(await page.getByLabel("Document").inputValue()).toContain('"Sport"')
    const port = await freeUdpPort()
    const right = JSON.stringify(document).replace("70000", String(port))
    await page.getByLabel("Document").fill("")
    await page
      .getByLabel("Or a file")
      .setInputFiles({ name: "channels.json", mimeType: "application/json", buffer: Buffer.from(right) })
    await page.getByRole("button", { name: "Show what it changes" }).click()
    await page.getByText("1 channel created").waitFor()
    await page.getByRole("region", { name: "Sport: added" }).waitFor()
    await page.getByRole("button", { name: "Apply it" }).click()
    await page.getByText("The configuration was applied.").waitFor()
    expect((await api("GET", "/api/channels/sport")).status).toBe(200)
    await page.getByRole("link", { name: "Version 1" }).click()
    await page.getByRole("region", { name: "Sport: removed" }).waitFor()
    await page.getByRole("button", { name: "Go back to version 1" }).click()
    await page.getByText("The configuration was rolled back.").waitFor()
    expect((await api("GET", "/api/channels/sport")).status).toBe(404)
    // Forms of other settings, and their errors.
    await page.goto(`${product.url}/settings/users`)
    await page.getByLabel("Name", { exact: true }).fill("not a name")
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD)
    await page.getByRole("button", { name: "Add user" }).click()
    await page.getByText("must start with a letter or digit").waitFor()
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("not a name")
    expect(await page.getByLabel("Password", { exact: true }).inputValue()).toBe("")
    await page.getByLabel("Name", { exact: true }).fill("joan")
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD)
    await page.getByRole("button", { name: "Add user" }).click()
    await page.getByRole("link", { name: "Remove joan" }).click()
    await page.getByRole("button", { name: "Remove joan" }).click()
    await page.getByText("Removed.").waitFor()
    await close()
  })

  it("have no barriers that axe-core finds", async () => {
    await api("POST", "/api/templates", { name: "lan", url: "udp://239.1.{number}.1:5000" })
    const config = (await api("GET", "/api/config")).body
    await product.api("PUT", "/api/config", { ...config, channels: [] }, ADMIN)
    await product.api("PUT", "/api/config", config, ADMIN)
    const created = await product.api<{ id: string }>(
      ...([
        "POST",
        "/api/notifications/destinations",
        { name: "Chat", kind: "slack", url: `${hook.url}/x` },
        ADMIN,
      ] as const),
    )
    const destination = `/settings/notifications/destinations/${created.body.id}`
    const { page, problems, close } = await openAs("the-admin", "/settings")
    const barriers: string[] = []
    const paths = [
      "/settings",
      "/settings/users",
      "/settings/users/the-viewer/edit",
      "/settings/users/the-viewer/remove",
      "/settings/keys",
      "/settings/templates",
      "/settings/templates/add",
      "/settings/templates/lan/edit",
      "/settings/notifications",
      "/settings/notifications/destinations/add?kind=email",
      `${destination}/edit`,
      "/settings/notifications/rules",
      "/settings/config",
      "/settings/config/versions/2",
    ]
    for (const [n, path] of paths.entries()) {
      await page.emulateMedia({ colorScheme: n % 2 === 0 ? "light" : "dark" })
      await page.goto(`${product.url}${path}`)
      await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
      barriers.push(...(await axe(page)).map((line) => `${path}: ${line}`))
    }
    await page.goto(`${product.url}/settings/config`)
    await page
      .getByLabel("Document")
      .fill(JSON.stringify({ version: 1, channels: [{ slug: "other", name: "Other", rtp_port: 5000 }] }))
    await page.getByRole("button", { name: "Show what it changes" }).click()
    await page.getByText(/1 channel created, 1 .*removed/).waitFor()
    barriers.push(...(await axe(page)))
    expect(barriers).toEqual([])
    expect(problems).toEqual([])
    await close()
  })
})
