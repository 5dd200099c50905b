import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"

interface Click {
  readonly target: { readonly closest: (query: string) => unknown }
}

/** The parts of a page that copy.js touches: one button with its text. `copies` says whether execCommand copies. */
const makePage = (copies: boolean) => {
  const text = { textContent: " /DAR \n" }
  const button = { dataset: { copy: "base64" }, parentElement: { querySelector: () => text } }
  const attributes = new Map<string, string>()
  const notice = { textContent: "", setAttribute: (name: string, value: string) => attributes.set(name, value) }
  const done = { classes: [] as string[], selected: [] as unknown[], commands: [] as string[] }
  const listeners: Array<(event: Click) => Promise<void>> = []
  const selection = {
    removeAllRanges: () => undefined,
    addRange: (range: { node: unknown }) => done.selected.push(range.node),
  }
  vi.stubGlobal("document", {
    createElement: () => notice,
    body: { append: () => undefined },
    documentElement: { classList: { add: (name: string) => done.classes.push(name) } },
    createRange: () => ({
      node: null as unknown,
      selectNodeContents(node: unknown) {
        this.node = node
      },
    }),
    getSelection: () => selection,
    execCommand: (name: string) => {
      done.commands.push(name)
      return copies
    },
    addEventListener: (_: string, listener: (event: Click) => Promise<void>) => listeners.push(listener),
  })
  const click = (on: unknown) =>
    listeners[0]?.({ target: { closest: (query) => (query === "[data-copy]" ? on : null) } })
  return { attributes, button, click, done, notice, text }
}

const open = async (clipboard: unknown, copies = false) => {
  const page = makePage(copies)
  vi.stubGlobal("navigator", { clipboard })
  vi.resetModules()
  await import("./copy.js" as string)
  return page
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe("copy.js", () => {
  it("copies the text beside the button, trimmed, and says so for two seconds in a live region", async () => {
    const written: string[] = []
    const { attributes, button, click, done, notice } = await open({
      writeText: async (text: string) => void written.push(text),
    })
    expect([done.classes, Object.fromEntries(attributes)]).toEqual([
      ["scripted"],
      { role: "status", "aria-live": "polite" },
    ])
    await click(button)
    expect([written, notice.textContent, done.selected, done.commands]).toEqual([["/DAR"], "base64 copied", [], []])
    vi.advanceTimersByTime(1999)
    expect(notice.textContent).toBe("base64 copied")
    vi.advanceTimersByTime(1)
    expect(notice.textContent).toBe("")
  })

  it("says it for two seconds from the last copy on", async () => {
    const { button, click, notice } = await open({ writeText: async () => undefined })
    await click(button)
    vi.advanceTimersByTime(1500)
    await click(button)
    vi.advanceTimersByTime(1500)
    expect(notice.textContent).toBe("base64 copied")
  })

  it.each([
    ["is missing, as on http to a LAN address", undefined],
    ["refuses", { writeText: () => Promise.reject(new Error("NotAllowedError")) }],
  ])("selects the text and has the browser copy it where the clipboard %s", async (_, clipboard) => {
    const { button, click, done, notice, text } = await open(clipboard, true)
    await click(button)
    expect([done.selected, done.commands, notice.textContent]).toEqual([[text], ["copy"], "base64 copied"])
  })

  it("leaves the text selected and says how to copy it where nothing else works", async () => {
    const { button, click, done, notice, text } = await open(undefined)
    await click(button)
    expect([done.selected, notice.textContent]).toEqual([[text], "base64 selected: copy it with Ctrl+C or ⌘C"])
  })

  it("leaves other clicks alone", async () => {
    const { click, done, notice } = await open(undefined, true)
    await click(null)
    expect([done.selected, done.commands, notice.textContent]).toEqual([[], [], ""])
  })
})
