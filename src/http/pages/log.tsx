/** @jsxImportSource hono/jsx */
/** The last lines of the service's log, for admins. */
import { Effect, Either } from "effect"
import type { Hono } from "hono"
import { LogPage } from "../../../views/system/LogPage.tsx"
import { isLogChoice, LOG_CHOICES, LogRow, linesFrom } from "../../../views/system/LogRow.tsx"
import { LOG_BOUNDS, type LogLine, type LogLines } from "../../effects/config/log-lines.ts"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { methods } from "../request/methods.ts"
import { problemResponse } from "../request/problem.ts"
import { CHANNEL_WANTED, channelOf, makeQueryReader } from "../request/read-query.ts"
import type { AppServices } from "../services/services.ts"
import { filterErrors } from "./filter-error.ts"
import { frameOf } from "./frame.ts"
import { errorsByField, pageQuery } from "./page-query.ts"

/** Most rows on the page. */
const SHOWN = 200
const MAX_TEXT = 100

const readLogQuery = (parameters: URLSearchParams) =>
  Effect.suspend(() => {
    const { errors, read } = makeQueryReader(parameters, ["level", "channel", "text", "live"])
    const level = read(
      "level",
      (text) => (isLogChoice(text) ? text : null),
      LOG_CHOICES.map(({ value }) => value).join(" or "),
    )
    const channel = read("channel", channelOf, CHANNEL_WANTED)
    const wanted = `text of 1 to ${MAX_TEXT} characters`
    const text = read("text", (given) => (given.length >= 1 && given.length <= MAX_TEXT ? given : null), wanted)
    return errors.length > 0 ? new InvalidInput({ errors }) : Effect.succeed({ level, channel, text })
  })

const find = (log: LogLines, { channel, level, text = "" }: Effect.Effect.Success<ReturnType<typeof readLogQuery>>) => {
  const part = text.toLowerCase()
  const lines = linesFrom(channel === undefined ? log.all() : log.ofChannel(channel), level)
  return (part === "" ? lines : lines.filter(({ message }) => message.toLowerCase().includes(part))).slice(0, SHOWN)
}
const rowsOf = (lines: ReadonlyArray<LogLine>) =>
  lines.map((line) => ({ id: `log-${line.id}`, html: String(<LogRow line={line} many />) }))

export const logPageRoutes = (
  app: Hono,
  { access, channels, live, log, runner }: Pick<AppServices, "access" | "channels" | "live" | "log" | "runner">,
): void => {
  methods(app, "/system/log", {
    GET: async (c) => {
      const asked = pageQuery(new URL(c.req.url))
      const query = await runner.settle(c, readLogQuery(asked))
      const errors = Either.isLeft(query) ? errorsByField(filterErrors(query.left) ?? []) : {}
      const rows = Either.isLeft(query) ? [] : rowsOf(find(log, query.right))
      const frame = frameOf(c, { access })
      return runner.run(c, channels.list, (channels) =>
        c.html(
          <LogPage
            frame={frame}
            channels={channels}
            rows={rows}
            asked={asked}
            errors={errors}
            kept={LOG_BOUNDS.inAll}
          />,
          Either.isLeft(query) ? 400 : 200,
        ),
      )
    },
  })
  methods(app, "/live/log", {
    GET: async (c) => {
      const asked = pageQuery(new URL(c.req.url))
      const query = await runner.settle(c, readLogQuery(asked))
      if (Either.isLeft(query)) return problemResponse(query.left, c.req.path)
      const view = Effect.sync(() => [{ id: "log-rows", items: rowsOf(find(log, query.right)) }])
      return live.stream(c, `log ${asked}`, view)
    },
  })
}
