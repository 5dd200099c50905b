/**
 * Debian's headless shell of Chromium for tests of pages: the engine that people's browsers have, without the windows,
 * tabs and services of a desktop, which take two thirds of the processor time of a page. A page that is opened here records what goes wrong on it: errors, messages of
 * the console, violations of the content security policy and failed requests. `problems` must be empty at the end of a
 * test.
 */
import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { delimiter, join } from "node:path"
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from "playwright-core"

/** The first of these that is installed; the second does as well, and takes three times as long. */
const PROGRAMS = ["chromium-headless-shell", "chromium"]

/** Path of the browser; throws when none is installed. */
const executable = (): string => {
  const folders = (process.env["PATH"] ?? "").split(delimiter)
  const found = PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync)
  if (found === undefined)
    throw new Error(`tests of pages need ${PROGRAMS.join(" or ")}: install the Debian package of that name`)
  return found
}

/** Longest wait for anything on a page, in ms, unless told otherwise; generous for a busy machine. */
const WAIT_MS = 120_000
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** Starts a browser. Each file has one, and closes it in `afterAll`. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: executable(),
    headless: true,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  })

export interface OpenPage {
  readonly page: Page
  readonly context: BrowserContext
  /** What went wrong on the page so far, one line each. */
  readonly problems: ReadonlyArray<string>
  /**
   * From now on, leaves matching problems out of `problems`; for example the answer to a form that is meant to be
   * refused.
   */
  readonly expectProblem: (pattern: RegExp) => void
  /** Clicks and counts the click; the product makes promises about how many clicks a task takes. */
  readonly click: (target: Locator) => Promise<void>
  /** Puts text into a field as if it came from the clipboard, and counts one paste. */
  readonly paste: (target: Locator, text: string) => Promise<void>
  /** Numbers of `click` and `paste` events since the page was opened. */
  readonly count: { clicks: number; pastes: number }
  readonly close: () => Promise<void>
}

/**
 * Opens `url` in a context of its own, with cookies that it shares with nobody. `javaScriptEnabled: false` and
 * `colorScheme` go through `options`.
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
  // A violation of the content security policy is a message of the console as well.
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      tell(`console: ${message.text()} (${message.location().url})`)
  })
  page.on("requestfailed", (request) => {
    // The browser gives up streams and pictures when the page is left.
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
      // No key is pressed: the field gets one `input` event with the whole text, as with a paste.
      await target.focus()
      await page.keyboard.insertText(text)
    },
    close: () => context.close(),
  }
}

/** Shows a part of a channel's page. */
export const showPart = (page: Page, name: string): Promise<void> =>
  page.getByRole("navigation", { name: "Parts of the page" }).getByRole("link", { name }).click()

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
  // The debugger evaluates the script, since the content security policy does not bind the debugger.
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
