import { describe, expect, it } from "vitest"
import type { Reason } from "../protocol/messages.ts"
import { SessionLife } from "./session-life.ts"

const reason = (code: string): Reason => ({ code, message: `it was ${code}`, transient: true })

/** A life, and what it was let go with each time. */
const begin = () => {
  const letGo: Array<Reason | null> = []
  return { letGo, life: new SessionLife((why) => letGo.push(why)) }
}

describe("SessionLife", () => {
  it("connects, listens again when nobody is left, and says since when somebody is there", () => {
    const { letGo, life } = begin()
    expect([life.state, life.ended, life.connected, life.figures.connectedAt]).toEqual([
      "connecting",
      false,
      false,
      null,
    ])
    life.connect(1234)
    expect([life.state, life.connected, life.figures.connectedAt]).toEqual(["connected", true, 1234])
    life.listen()
    expect([life.state, life.connected, life.figures.connectedAt]).toEqual(["listening", false, null])
    expect(letGo).toEqual([])
  })

  it("ends by itself once, with the first reason", () => {
    const { letGo, life } = begin()
    life.end(reason("first"))
    life.end(reason("second"))
    life.close()
    expect([life.state, life.ended, life.reason?.code]).toEqual(["ended", true, "first"])
    expect(letGo).toEqual([reason("first")])
  })

  it("is closed once, without a reason, and takes none afterwards", () => {
    const { letGo, life } = begin()
    life.close()
    life.close()
    life.end(reason("late"))
    expect([life.state, life.reason]).toEqual(["ended", null])
    expect(letGo).toEqual([null])
  })

  it("has ended by the time it is let go, so that what fails meanwhile is no second end", () => {
    const seen: Array<readonly [string, string | undefined]> = []
    const life = new SessionLife(() => {
      seen.push([life.state, life.reason?.code])
      life.end(reason("again"))
      life.close()
    })
    life.end(reason("first"))
    expect(seen).toEqual([["ended", "first"]])
    expect(life.reason?.code).toBe("first")
  })

  it("does not come back once it has ended", () => {
    const { life } = begin()
    life.connect(1234)
    life.close()
    life.listen()
    life.connect(5678)
    expect([life.state, life.figures.connectedAt]).toEqual(["ended", 1234])
  })

  it("has ended although letting go has thrown, and is told the fault in place of its reason", () => {
    const life = new SessionLife(() => {
      throw new Error("the socket is gone")
    })
    expect(() => life.end(reason("first"))).toThrow("the socket is gone")
    expect(() => life.close()).not.toThrow()
    life.fault(reason("internal"))
    expect([life.state, life.reason?.code]).toEqual(["ended", "internal"])
  })

  it("counts errors, and shows the last", () => {
    const { life } = begin()
    life.noteError(reason("refused"))
    life.noteError(reason("slow"))
    expect([life.figures.sendErrors, life.figures.lastSendError]).toEqual([2, "it was slow"])
  })
})
