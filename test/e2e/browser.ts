/**
 * Debian's Chromium for tests of pages. A page that is opened here keeps what goes wrong on it: errors, messages of the
 * console, violations of the content security policy and failed requests; `problems` must be empty at the end of a
 * test.
 */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from "playwright-core"

const EXECUTABLE = "/usr/bin/chromium"
/** Longest wait for anything on a page, unless told otherwise; generous for a busy machine. */
const WAIT_MS = 30_000
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** One for each file, closed in `afterAll`. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: EXECUTABLE,
    headless: true,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  })

export interface OpenPage {
  readonly page: Page
  readonly context: BrowserContext
  /** What went wrong on the page so far, a line each. */
  readonly problems: ReadonlyArray<string>
  /** Leaves those out that match, from now on: the answer to a form that is meant to be refused, for one. */
  readonly expectProblem: (pattern: RegExp) => void
  /** Clicks, counted; the product has promises about how many it takes. */
  readonly click: (target: Locator) => Promise<void>
  /** Puts text into a field as if it came from the clipboard: one paste, counted. */
  readonly paste: (target: Locator, text: string) => Promise<void>
  /** Number of `click` and `paste` events since the page was opened. */
  readonly count: { clicks: number; pastes: number }
  readonly close: () => Promise<void>
}

/**
 * Opens `url` in a context of its own: its cookies are nobody else's. `javaScriptEnabled: false` and `colorScheme` go
 * through `options`.
 */
export const openPage = async (
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> => {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options })
  context.setDefaultTimeout(WAIT_MS)
  const page = await context.newPage()
  const problems: string[] = []
  const expected: RegExp[] = []
  const tell = (text: string) => {
    if (!expected.some((pattern) => pattern.test(text))) problems.push(text)
  }
  page.on("pageerror", (error) => tell(`error: ${error.message}`))
  // A violation of the content security policy is one of these as well.
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      tell(`console: ${message.text()} (${message.location().url})`)
  })
  page.on("requestfailed", (request) => {
    // Streams and pictures are given up when the page goes.
    const why = request.failure()?.errorText ?? ""
    if (why !== "net::ERR_ABORTED") tell(`request: ${request.url()} ${why}`)
  })
  const count = { clicks: 0, pastes: 0 }
  await page.goto(url)
  return {
    page,
    context,
    problems,
    count,
    expectProblem: (pattern) => void expected.push(pattern),
    click: async (target) => {
      count.clicks++
      await target.click()
    },
    paste: async (target, text) => {
      count.pastes++
      // No key is pressed: one `input` event with all of it, as a paste brings it.
      await target.focus()
      await page.keyboard.insertText(text)
    },
    close: () => context.close(),
  }
}

interface AxeNode {
  readonly target: ReadonlyArray<string>
  readonly failureSummary?: string
}
interface AxeResults {
  readonly violations: ReadonlyArray<{
    readonly id: string
    readonly help: string
    readonly nodes: ReadonlyArray<AxeNode>
  }>
}

/**
 * What axe-core finds against WCAG 2.2 AA and its own best practices, a line each; empty when all is well. The page
 * needs JavaScript, and its `.head` stands in `main`.
 * @param rules only these: where all others have been looked at already, or the page is so long that they take seconds
 */
export const axe = async (page: Page, rules?: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  // Evaluated by the debugger, which the content security policy does not bind.
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(
    (options) => (globalThis as unknown as { axe: { run: (options: object) => Promise<AxeResults> } }).axe.run(options),
    { resultTypes: ["violations"], ...(rules === undefined ? {} : { runOnly: [...rules] }) },
  )
  return violations.flatMap(({ help, id, nodes }) =>
    nodes.map(
      ({ failureSummary = "", target }) =>
        `${id}: ${help}: ${target.join(" ")}: ${failureSummary.replaceAll("\n", " ")}`,
    ),
  )
}
