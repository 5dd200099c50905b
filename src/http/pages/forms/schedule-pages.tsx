/** @jsxImportSource hono/jsx */
/** The page of a channel's schedule. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { DAYS, SchedulePage } from "../../../../views/channel/SchedulePage.tsx"
import type { Zone } from "../../../core/schedule/local-time.ts"
import { ScheduleInput, type ScheduleView } from "../../../effects/schedule/schedule-bodies.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { frameOf } from "../frame.ts"
import { type Fields, field, pageAnswer, stateOf } from "./form-fields.ts"
import { makeWithForm } from "./with-form.ts"

/** Empty windows at the end of the form. */
const SPARE = 2
const MOST = 50
const PARTS = ["days", "date", "start", "stop"] as const
const at = (n: number, part: string): string => `windows[${n}].${part}`

/** What the form shows; a new schedule begins in the station's zone. */
const valuesOf = (schedule: ScheduleView | null, zone: Zone): Fields =>
  Object.fromEntries([
    ["zone", schedule?.zone ?? zone],
    ["enabled", String(schedule?.enabled ?? true)],
    ...(schedule?.windows ?? []).flatMap((window, n) => [
      ...(window.days ?? []).map((day) => [`${at(n, "days")}.${day}`, "true"]),
      [at(n, "date"), window.date ?? ""],
      [at(n, "start"), window.start],
      [at(n, "stop"), window.stop],
    ]),
  ])

/** Windows in which something was typed, by their places in the form. */
const placesIn = (fields: Fields): ReadonlyArray<number> =>
  Array.from({ length: MOST }, (_, n) => n).filter((n) =>
    Object.entries(fields).some(([name, value]) => name.startsWith(`windows[${n}].`) && value.trim() !== ""),
  )

const bodyOf = (fields: Fields, places: ReadonlyArray<number>): Record<string, unknown> => ({
  zone: field(fields, "zone"),
  enabled: field(fields, "enabled") !== "false",
  windows: places.map((n) => {
    const days = DAYS.map(([day]) => day).filter((day) => field(fields, `${at(n, "days")}.${day}`) === "true")
    return {
      days: days.length === 0 ? null : days,
      date: field(fields, at(n, "date")) || null,
      start: field(fields, at(n, "start")),
      stop: field(fields, at(n, "stop")),
    }
  }),
})

/** Errors name windows by their number in the request, which has no empty ones. */
const atPlaces = (problem: Problem, places: ReadonlyArray<number>): Problem => ({
  ...problem,
  errors: problem.errors.map(({ message, path }) => ({
    message,
    path: path.replace(/^windows\[(\d+)\]/, (_, n: string) => `windows[${places[Number(n)] ?? n}]`),
  })),
})

export const schedulePageRoutes = (
  app: Hono,
  services: Pick<AppServices, "access" | "channels" | "runner" | "schedules" | "stationZone">,
): void => {
  const { channels, runner, schedules, stationZone } = services
  const withForm = makeWithForm(services)

  const page = async (c: Context, ref: string, typed?: Fields, problem?: Problem): Promise<Response> => {
    const found = await runner.settle(c, channels.get(ref))
    if (Either.isLeft(found)) return problemResponse(found.left, c.req.path)
    const { name, slug } = found.right
    const kept = await runner.settle(c, schedules.get(ref))
    const schedule = Either.isRight(kept) ? kept.right : null
    const fields = typed ?? valuesOf(schedule, stationZone)
    const last = placesIn(fields).at(-1) ?? -1
    const rows = Math.min(MOST, last + 1 + SPARE)
    const names = ["zone", ...Array.from({ length: rows }, (_, n) => PARTS.map((part) => at(n, part))).flat()]
    // `stateOf` takes windows of one name for one field.
    const state = stateOf(fields, undefined, names, "zone")
    const errors = (problem?.errors ?? []).filter(({ path }) => names.includes(path))
    const others = (problem?.errors ?? []).filter(({ path }) => !names.includes(path))
    const alerts = [
      ...others.map(({ message, path }) => `${path}: ${message}`),
      ...(problem !== undefined && problem.errors.length === 0 ? [problem.detail] : []),
    ]
    const byName = Object.fromEntries(errors.map(({ message, path }) => [path, message]))
    const html = (
      <SchedulePage
        frame={frameOf(c, services)}
        channel={{ slug, name }}
        schedule={schedule}
        state={{ ...state, errors: byName, alerts }}
        rows={rows}
        done={problem === undefined && c.req.query("done") === "saved" ? "Saved." : undefined}
      />
    )
    return pageAnswer(html, problem)
  }

  methods(app, "/channels/:id/schedule", {
    GET: (c) => page(c, c.req.param("id")),
    POST: (c) =>
      withForm(c, async (fields) => {
        const ref = c.req.param("id")
        const back = `/channels/${encodeURIComponent(ref)}/schedule?done=saved`
        if (field(fields, "save") === "remove") return runner.run(c, schedules.remove(ref), () => c.redirect(back, 303))
        const places = placesIn(fields)
        const set = Effect.flatMap(decode(ScheduleInput, bodyOf(fields, places)), (input) => schedules.set(ref, input))
        const saved = await runner.settle(c, set)
        return Either.isRight(saved) ? c.redirect(back, 303) : page(c, ref, fields, atPlaces(saved.left, places))
      }),
  })
}
