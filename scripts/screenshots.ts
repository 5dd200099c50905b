/**
 * `npm run screenshots` takes pictures of every page for the documentation, light and dark, from the running product:
 * the demo channel with its breaks, a channel that has lost its destination, and one that waits for its input. Needs
 * Chromium and the packages of `npm test`.
 */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser } from "playwright-core"
import { openPage, startBrowser } from "../test/e2e/browser.ts"
import { freeTcpPort, freeUdpPort } from "../test/e2e/ports.ts"
import { eventually, Product } from "../test/e2e/product.ts"

const FOLDER = fileURLToPath(new URL("../docs/screenshots/", import.meta.url))
const THEMES = ["light", "dark"] as const
/** Time, in seconds, until plots and sparklines have something to show. */
const HISTORY_S = 45
const CUE = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo="

/** Pictures: name, path of the page, and the element to wait for. */
const PAGES: ReadonlyArray<readonly [name: string, path: string, ready: string]> = [
  ["channels", "/", "#channel-demo"],
  ["channel", "/channels/demo", "canvas"],
  ["add-output", "/add/output?channel=demo", "form"],
  ["add-outputs", "/add/outputs?channel=demo", "form"],
  ["add-channel", "/add/channel", "form"],
  ["edit-channel", "/channels/demo/edit", "form"],
  ["cues", "/cues", "main"],
  ["events", "/events", "main"],
  ["decode", "/scte35", "form"],
  ["system", "/system", "main"],
  ["notifications", "/settings/notifications", "main"],
  ["config", "/settings/config", "main"],
  ["users", "/settings/users", "main"],
  ["api", "/api/docs", "main"],
]

const prepare = async (): Promise<Product> => {
  const product = await Product.start({ args: ["--demo"], env: { AUTH: "off" } })
  await eventually("the demo channel runs", async () => {
    const { body } = await product.api<{ status: string }>("GET", "/api/channels/demo")
    return body.status === "running" ? true : null
  })
  for (const [name, url] of [
    ["Studio monitor", `udp://127.0.0.1:${await freeUdpPort()}`],
    ["Web", "hls://web"],
    ["Affiliate", `srt://127.0.0.1:${await freeUdpPort()}?latency=400&passphrase=not-a-real-one`],
    ["YouTube", `rtmp://127.0.0.1:${await freeTcpPort()}/live2/xxxx-xxxx`],
  ]) {
    await product.api("POST", "/api/channels/demo/outputs", { name, url })
  }
  for (const name of ["Regional news", "Sport 2"]) {
    const outputs = [{ name: "Head end", url: `rtp://127.0.0.1:${await freeUdpPort()}` }]
    await product.api("POST", "/api/channels", {
      name,
      rtp_port: await freeUdpPort(),
      autostart: name === "Sport 2",
      outputs,
    })
  }
  return product
}

const take = async (browser: Browser, product: Product, theme: (typeof THEMES)[number]) => {
  for (const [name, path, ready] of PAGES) {
    const open = await openPage(browser, `${product.url}${path}`, {
      colorScheme: theme,
      viewport: { width: 1400, height: 900 },
    })
    await open.page.locator(ready).first().waitFor()
    if (name === "decode") {
      await open.page.locator("textarea, input[name=cue]").first().fill(CUE)
      await open.page.locator("main button[type=submit]").first().click()
      await open.page.locator("#result").waitFor()
    }
    // After a second of updates every figure on the page has a value.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    await open.page.screenshot({ path: join(FOLDER, `${name}-${theme}.png`) })
    await open.close()
    process.stdout.write(`${name}-${theme}.png\n`)
  }
}

mkdirSync(FOLDER, { recursive: true })
const [product, browser] = await Promise.all([prepare(), startBrowser()])
try {
  process.stdout.write(`the product runs at ${product.url}; ${HISTORY_S} s for the plots ...\n`)
  await new Promise((resolve) => setTimeout(resolve, HISTORY_S * 1000))
  for (const theme of THEMES) await take(browser, product, theme)
} finally {
  await browser.close()
  await product.dispose()
}
process.exit(0)
