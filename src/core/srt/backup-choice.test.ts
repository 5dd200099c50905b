import { describe, expect, it } from "vitest"
import { BackupChoice, type ConnectionSigns, HEAD_START_US, RETURN_MAX_US, RETURN_US } from "./backup-choice.ts"

const MS = 1000
const SECOND = 1e6

/** A connection since `connectedUs` that was heard at `heardUs`, with a round trip of 10 ms. */
const signs = (heardUs: number, more: Partial<ConnectionSigns> = {}): ConnectionSigns => ({
  connectedUs: 0,
  heardUs,
  waitingSinceUs: null,
  blockedSinceUs: null,
  rttUs: 10 * MS,
  ...more,
})

/** A choice whose main connection carries since 0. */
const carryingMain = (): BackupChoice => {
  const choice = new BackupChoice()
  expect(choice.decide(signs(0), null, 0, false)).toEqual({ to: "main", why: null })
  return choice
}

/** Both well until `untilUs`, heard every 100 ms; the first change. */
const bothWell = (choice: BackupChoice, fromUs: number, untilUs: number) => {
  for (let nowUs = fromUs; nowUs <= untilUs; nowUs += 100 * MS) {
    const change = choice.decide(signs(nowUs), signs(nowUs), nowUs, false)
    if (change !== null) return { ...change, atUs: nowUs }
  }
  return null
}

describe("who begins", () => {
  it("is the main receiver, also when the backup answered before", () => {
    const choice = new BackupChoice()
    expect(choice.decide(null, signs(0), 0, false)).toBeNull()
    expect(choice.carrier).toBeNull()
    expect(choice.decide(signs(HEAD_START_US - 1), signs(0), HEAD_START_US - 1, false)).toEqual({
      to: "main",
      why: null,
    })
  })

  it("is the backup, where the main one has not answered after its head start", () => {
    const choice = new BackupChoice()
    expect(choice.decide(null, signs(0), HEAD_START_US - 1, false)).toBeNull()
    expect(choice.decide(null, signs(0), HEAD_START_US, false)).toEqual({ to: "backup", why: "has not answered yet" })
  })

  it("is the backup at once, where the main one has refused", () => {
    expect(new BackupChoice().decide(null, signs(0), 1, true)).toEqual({ to: "backup", why: "could not be reached" })
  })
})

describe("the main connection is left", () => {
  it.each([
    ["10 ms round trip", 10 * MS, 250 * MS],
    ["100 ms round trip", 100 * MS, 400 * MS],
  ])("after four round trips of silence, 250 ms at least: %s", (_, rttUs, boundUs) => {
    const choice = carryingMain()
    const main = signs(SECOND, { waitingSinceUs: 0, rttUs })
    expect(choice.decide(main, signs(SECOND), SECOND + boundUs, false)).toBeNull()
    expect(choice.decide(main, signs(SECOND), SECOND + boundUs + MS, false)).toEqual({
      to: "backup",
      why: `has not answered for ${boundUs / MS + 1} ms`,
    })
    expect(choice.carrier).toBe("backup")
  })

  it("not for silence while nothing is under way, nor for that before something was", () => {
    const choice = carryingMain()
    expect(choice.decide(signs(0), signs(SECOND), 2 * SECOND, false)).toBeNull()
    const main = signs(0, { waitingSinceUs: 2 * SECOND })
    expect(choice.decide(main, signs(SECOND), 2 * SECOND + 250 * MS, false)).toBeNull()
  })

  it("without a keepalive for three seconds", () => {
    const choice = carryingMain()
    expect(choice.decide(signs(0), signs(SECOND), 3 * SECOND, false)).toBeNull()
    expect(choice.decide(signs(0), signs(SECOND), 3 * SECOND + MS, false)?.why).toBe("was silent for 3001 ms")
  })

  it("when its window has been full for a second", () => {
    const choice = carryingMain()
    const main = (heardUs: number) => signs(heardUs, { waitingSinceUs: 0, blockedSinceUs: 0 })
    expect(choice.decide(main(SECOND), signs(SECOND), SECOND, false)).toBeNull()
    expect(choice.decide(main(SECOND + 1), signs(SECOND), SECOND + 1, false)?.why).toBe("lets nothing through any more")
  })

  it("when it is gone, but only for a backup that is heard and has room", () => {
    const choice = carryingMain()
    expect(choice.decide(null, null, SECOND, false)).toBeNull()
    expect(choice.decide(null, signs(0), 3 * SECOND + 1, false)).toBeNull()
    expect(choice.decide(null, signs(SECOND, { blockedSinceUs: SECOND }), SECOND, false)).toBeNull()
    expect(choice.carrier).toBe("main")
    expect(choice.decide(null, signs(SECOND), SECOND, false)).toEqual({ to: "backup", why: "is not connected" })
  })
})

describe("the main connection comes back", () => {
  const lost = (): BackupChoice => {
    const choice = carryingMain()
    expect(choice.decide(null, signs(SECOND), SECOND, false)?.to).toBe("backup")
    return choice
  }

  it("when it has been stable for five seconds", () => {
    expect(bothWell(lost(), 2 * SECOND, 60 * SECOND)).toEqual({ to: "main", why: null, atUs: 2 * SECOND + RETURN_US })
  })

  it("counting anew after each moment in which it could not have carried", () => {
    const choice = lost()
    expect(bothWell(choice, 2 * SECOND, 6 * SECOND)).toBeNull()
    expect(choice.decide(signs(7 * SECOND, { blockedSinceUs: 7 * SECOND }), signs(7 * SECOND), 7 * SECOND, false)).toBe(
      null,
    )
    expect(bothWell(choice, 8 * SECOND, 60 * SECOND)?.atUs).toBe(8 * SECOND + RETURN_US)
  })

  it("at once, when the backup fails meanwhile", () => {
    const choice = lost()
    expect(choice.decide(signs(2 * SECOND), null, 2 * SECOND, false)).toEqual({ to: "main", why: "is not connected" })
  })

  it("only when it has been heard since it was left, so that an outage of both changes nothing twice", () => {
    const choice = carryingMain()
    const silent = signs(SECOND, { waitingSinceUs: SECOND })
    expect(choice.decide(silent, signs(SECOND), 1.3 * SECOND, false)?.to).toBe("backup")
    const backup = signs(SECOND, { waitingSinceUs: 1.3 * SECOND })
    expect(choice.decide(silent, backup, 1.6 * SECOND, false)).toBeNull()
    expect(choice.decide(signs(1.6 * SECOND), backup, 1.6 * SECOND, false)?.to).toBe("main")
  })

  it("later each time that it failed again soon, and as before once it has held", () => {
    const choice = lost()
    let nowUs = 2 * SECOND
    const returned = (): number => {
      const begunUs = nowUs
      nowUs = bothWell(choice, nowUs, nowUs + 400 * SECOND)?.atUs ?? Number.NaN
      return nowUs - begunUs
    }
    const failAfter = (us: number) => {
      nowUs += us
      expect(choice.decide(null, signs(nowUs), nowUs, false)?.to).toBe("backup")
      nowUs += 100 * MS
    }
    for (const wanted of [5, 10, 20, 40, 80, 160, 160]) {
      expect(returned()).toBe(wanted * SECOND)
      failAfter(SECOND)
    }
    expect(returned()).toBe(RETURN_MAX_US)
    failAfter(61 * SECOND)
    expect(returned()).toBe(RETURN_US)
  })
})
