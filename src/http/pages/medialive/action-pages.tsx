/** @jsxImportSource hono/jsx */
/** What is done to channels of MediaLive on the pages: each start and stop is confirmed, with its price. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { ConfirmPage } from "../../../../views/channels/ConfirmPage.tsx"
import { priceSource, priceWords } from "../../../../views/medialive/medialive-parts.tsx"
import type { ChannelDraft } from "../../../core/medialive/draft.ts"
import { AutoInput, type MediaLiveDetailView } from "../../../effects/medialive/medialive-bodies.ts"
import type { MediaLiveService } from "../../../effects/medialive/medialive-service.ts"
import { NotFound } from "../../../effects/model/Errors.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { VERB_WITHIN } from "../../routes/medialive.ts"
import type { AppServices } from "../../services/services.ts"
import { makeChannelForms } from "../forms/channel-pages.tsx"
import { type Fields, field, numeric } from "../forms/form-fields.ts"
import { makeWithForm } from "../forms/with-form.ts"
import { frameOf } from "../frame.ts"
import { channelPage } from "./list-pages.tsx"

const pathOf = (id: string): string => `/medialive/channels/${encodeURIComponent(id)}`

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`

/** What starting or stopping means, a sentence each. */
const meaning = (verb: "start" | "stop", channel: MediaLiveDetailView): ReadonlyArray<string> => {
  const { auto, elsewhere, outputs_fed, price } = channel
  if (verb === "start")
    return [
      price === null || price.usd_per_hour === null
        ? `Its list price is ${priceWords(price)}; AWS bills ten minutes at least.`
        : `It costs ${priceWords(price)} by list prices (an estimate, ${priceSource(price)}), for ten minutes at least.`,
      "It takes a minute or more until it runs.",
      ...(auto.enabled ? [] : ["It runs until somebody stops it."]),
    ]
  return [
    outputs_fed === 0
      ? "No output of ours goes dark."
      : `${plural(outputs_fed, "output")} of ours ${outputs_fed === 1 ? "goes" : "go"} dark.`,
    ...(elsewhere.length === 0 ? [] : [`It also sends to ${elsewhere.join(", ")}: that ends too.`]),
    ...(auto.enabled && auto.wanted ? ["It is wanted: it stays off until nobody has wanted it meanwhile."] : []),
  ]
}

/** A draft as the fields of the form that adds a channel. */
export const fieldsOf = ({ input, ...draft }: ChannelDraft): Fields => {
  const given = Object.entries(draft).map(([name, value]) => [name, String(value)] as const)
  return {
    ...Object.fromEntries(given),
    input_kind: draft.input_url === undefined ? "rtp" : "listener",
    backup_input_kind:
      draft.backup_input_url !== undefined ? "listener" : draft.backup_rtp_port === undefined ? "none" : "rtp",
    ...(input.fec === undefined ? {} : { "input.fec": input.fec }),
    ...(input.allowed_senders === undefined ? {} : { "input.allowed_senders": input.allowed_senders.join(", ") }),
    ...(input.scte35_pid === undefined ? {} : { "input.scte35_pid": String(input.scte35_pid) }),
  }
}

const verbRoutes = (
  app: Hono,
  verb: "start" | "stop",
  medialive: MediaLiveService,
  services: Pick<AppServices, "access" | "live" | "runner">,
): void =>
  methods(app, `/medialive/channels/:id/${verb}`, {
    GET: (c) => {
      const id = c.req.param("id")
      return services.runner.run(c, medialive.channel(id), (channel) =>
        c.html(
          <ConfirmPage
            frame={frameOf(c, services)}
            question={`${verb === "start" ? "Start" : "Stop"} ${channel.name} at MediaLive?`}
            items={meaning(verb, channel)}
            to={`${pathOf(id)}/${verb}`}
            fields={[]}
            yes={`${verb === "start" ? "Start" : "Stop"} ${channel.name}`}
            back={pathOf(id)}
          />,
        ),
      )
    },
    POST: async (c) => {
      const id = c.req.param("id")
      const done = await services.runner.settle(c, medialive[verb](id), VERB_WITHIN)
      if (Either.isRight(done)) return c.redirect(`${pathOf(id)}?done=${verb}`, 303)
      return channelPage(c, medialive, services, id, done.left)
    },
  })

export const actionPageRoutes = (
  app: Hono,
  medialive: MediaLiveService,
  services: Pick<AppServices, "access" | "channels" | "live" | "runner">,
): void => {
  const { runner } = services
  const withForm = makeWithForm(services)
  verbRoutes(app, "start", medialive, services)
  verbRoutes(app, "stop", medialive, services)

  methods(app, "/medialive/channels/:id/auto", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const id = c.req.param("id")
        const minutes = (name: string) => {
          const text = field(fields, name)
          return text === "" ? {} : { [name]: numeric(text) }
        }
        const body = {
          enabled: field(fields, "enabled") === "true",
          ...minutes("idle_minutes"),
          ...minutes("lead_minutes"),
        }
        const set = Effect.flatMap(decode(AutoInput, body), (input) => medialive.setAuto(id, input))
        const done = await runner.settle(c, set)
        return Either.isRight(done)
          ? c.redirect(`${pathOf(id)}?done=auto`, 303)
          : channelPage(c, medialive, services, id, done.left)
      }),
  })
  const { addPage } = makeChannelForms(services)
  methods(app, "/medialive/channels/:id/create", {
    GET: (c: Context) => {
      const name = c.req.query("output") ?? ""
      const found = Effect.flatMap(medialive.channel(c.req.param("id") ?? ""), ({ outputs }) => {
        const draft = outputs.find((output) => output.name === name)?.draft ?? null
        return draft === null ? Effect.fail(new NotFound({ kind: "output", ref: name })) : Effect.succeed(draft)
      })
      return runner.run(c, found, (draft) => addPage(c, fieldsOf(draft)))
    },
  })
}
