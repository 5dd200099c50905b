import { describe, expect, it } from "vitest"
import type { SlotReceipt } from "../../core/srt/protocol/send-window.ts"
import { followReceivers } from "./follow-receivers.ts"

/** A receiver that joined at slot `from`. */
class Fake {
  receipt: SlotReceipt = "waiting"
  readonly connection: {
    readonly reader: { readonly covers: (position: number) => boolean }
    readonly receiptOf: (...slot: number[]) => SlotReceipt
  }

  constructor(from = 0) {
    this.connection = { reader: { covers: (position) => position >= from }, receiptOf: () => this.receipt }
  }
}

const follow = (...receivers: Fake[]) => {
  const present = { all: receivers }
  const ask = followReceivers(() => present.all, 100, 1_000_000)
  return { present, ask: () => ask(1_010_000) }
}

describe("the acknowledgement of all receivers", () => {
  it("comes with that of the last one, whenever the others gave theirs", () => {
    const [first, last] = [new Fake(), new Fake()]
    const { ask } = follow(first, last)
    expect(ask()).toBe("waiting")
    first.receipt = "acknowledged"
    expect(ask()).toBe("waiting")
    // It is asked no more: by now it could not tell.
    first.receipt = "unknown"
    expect(ask()).toBe("waiting")
    last.receipt = "acknowledged"
    expect(ask()).toBe("acknowledged")
  })

  it("is not known when it is not known of one", () => {
    const [first, last] = [new Fake(), new Fake()]
    const { ask } = follow(first, last)
    first.receipt = "acknowledged"
    last.receipt = "unknown"
    expect(ask()).toBe("unknown")
  })

  it("does not wait for one that has left, nor for one that joined since", () => {
    const [stays, leaves, late] = [new Fake(), new Fake(), new Fake(101)]
    const { ask, present } = follow(stays, leaves, late)
    stays.receipt = "acknowledged"
    expect(ask()).toBe("waiting")
    present.all = [stays, late]
    expect(ask()).toBe("acknowledged")
  })

  it("is not known when all have left before", () => {
    const only = new Fake()
    const { ask, present } = follow(only)
    present.all = []
    expect(ask()).toBe("unknown")
  })
})
