// Times by the station's clock, whose zone the page names: the reader's machine may stand in another one.

/** Makes the clock of a zone: a Unix time in ms becomes its date, time of day and offset from UTC. */
export const makeClock = (zone) => {
  const two = {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    timeZoneName: "longOffset",
    ...two,
  })
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]))
    // At UTC some browsers write no offset, and others one of zero.
    const [, sign = "", hours = "", minutes = ""] = /([+-])(?!00:00)(\d\d):(\d\d)/.exec(parts.timeZoneName) ?? []
    return {
      date: `${parts.year}-${parts.month}-${parts.day}`,
      clock: `${parts.hour}:${parts.minute}:${parts.second}`,
      offset: sign === "" ? "UTC" : `UTC${sign}${Number(hours)}${minutes === "00" ? "" : `:${minutes}`}`,
    }
  }
}

export const zone = globalThis.document?.documentElement.dataset.zone ?? "UTC"
export const stationClock = makeClock(zone)
