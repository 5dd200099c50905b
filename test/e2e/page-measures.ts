/** How the list of channels lies on its page, in pixels, and what a page weighs. */
import { gzipSync } from "node:zlib"
import type { Page } from "playwright-core"
import type { TestApp } from "../../src/http/testing/test-app.ts"

/** Height and lower edge of each row. */
export const rowBoxes = (page: Page) =>
  page
    .locator("#channel-rows > tr")
    .evaluateAll((all) =>
      all.map((row) => ({ height: row.getBoundingClientRect().height, bottom: row.getBoundingClientRect().bottom })),
    )

/** Whether each reason that is shown lies within its row. */
export const reasonsFit = (page: Page) =>
  page.evaluate<boolean>(`[...document.querySelectorAll(".reason")].every((reason) => {
    const [own, row] = [reason.getBoundingClientRect(), reason.closest("tr").getBoundingClientRect()]
    return own.top >= row.top && own.bottom <= row.bottom + 1
  })`)

export interface RowExtent {
  /** Height of the highest row. */
  readonly height: number
  /** Rightmost edge of a cell. */
  readonly right: number
  /** Most pieces that a name is broken into. */
  readonly words: number
}

export const rowExtent = (page: Page) =>
  page.evaluate<RowExtent>(`(() => {
    const rows = [...document.querySelectorAll("#channel-rows > tr")]
    const cells = rows.flatMap((row) => [...row.children])
    return {
      height: Math.max(...rows.map((row) => row.getBoundingClientRect().height)),
      right: Math.max(...cells.map((cell) => cell.getBoundingClientRect().right)),
      words: Math.max(...rows.map((row) => row.querySelector("th > a").getClientRects().length)),
    }
  })()`)

/** Bytes of a page and of the files that it names, compressed. */
export const weightOf = async (app: TestApp, path: string): Promise<number> => {
  const html = await (await app.call("GET", path)).text()
  const files = [...html.matchAll(/(?:src|href)="(\/static\/[^"]+)"/g)].map(([, file = ""]) => file)
  const sizes = await Promise.all(
    files.map(async (file) => gzipSync(await (await app.call("GET", file)).text()).byteLength),
  )
  return gzipSync(html).byteLength + sizes.reduce((sum, size) => sum + size, 0)
}
