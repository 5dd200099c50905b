/** @jsxImportSource hono/jsx */
/** Pages that add, change, clone and remove channels. They work without JavaScript. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { AddChannelPage, ChannelAdvice, EditChannelPage } from "../../../../views/forms/ChannelPages.tsx"
import { ClonedPage, ClonePage } from "../../../../views/forms/ClonePages.tsx"
import { ChannelInput, ChannelUpdate } from "../../../effects/config/request-bodies.ts"
import { CloneInput } from "../../../effects/declarative/document.ts"
import type { ChannelView } from "../../../effects/model/channel.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { frameOf } from "../frame.ts"
import {
  CHANNEL_ALIASES,
  CHANNEL_FIELDS,
  CHANNEL_SECRET_FIELDS,
  CHANNEL_URL_FIELDS,
  changedChannelBody,
  channelValues,
  INPUT_GROUPS,
  newChannelBody,
} from "./channel-fields.ts"
import { backOf, type Fields, field, goTo, numeric, pageAnswer, shownAgain, stateOf, withPlace } from "./form-fields.ts"
import { hasRtp, KIND_CHOICES, legKinds, type ShownUrls, srtAdvice, withoutSrt, wrongLegs } from "./leg-fields.ts"
import { checkOpened, merged, OPENED, openedOf, type Shown } from "./meanwhile.ts"
import { mediaLiveOf } from "./medialive.ts"
import { urlSecretFields } from "./secret-fields.ts"
import { makeWithForm } from "./with-form.ts"

const KEEP_TYPING = "Secrets are not sent back: type those that are missing or shown as *** again."

/** The services that these pages use. */
type ChannelFormServices = Pick<AppServices, "access" | "channels" | "runner">

const stateFor = (fields: Fields, problem: Problem | undefined, focus: string) => {
  const shown = shownAgain(fields, CHANNEL_SECRET_FIELDS, CHANNEL_URL_FIELDS)
  const state = stateOf({ ...shown, ...legKinds(fields) }, problem, CHANNEL_FIELDS, focus, CHANNEL_ALIASES)
  const isMissing =
    CHANNEL_SECRET_FIELDS.some((name) => field(fields, name) !== "") ||
    CHANNEL_URL_FIELDS.some((name) => (shown[name] ?? "") !== (fields[name] ?? ""))
  return isMissing && problem !== undefined ? { ...state, alerts: [...state.alerts, KEEP_TYPING] } : state
}

/** The change that the form of a channel asks for. */
const updateIn = (fields: Fields, { backup_input_url, input_url }: ShownUrls) =>
  Effect.suspend(() => {
    const shown = { input_url, backup_input_url }
    return wrongLegs(fields, shown) ?? decode(ChannelUpdate, changedChannelBody(fields, shown))
  })
/** The channel that the form asks for. */
const inputIn = (fields: Fields) =>
  Effect.suspend(() => wrongLegs(fields) ?? decode(ChannelInput, { name: "new", ...newChannelBody(fields) }))

/**
 * The advice beside a form: what its URLs mean, its conflicts with what exists, as far as it is typed, and what to enter
 * at MediaLive.
 */
const adviceOf = async ({ channels, runner }: Pick<AppServices, "channels" | "runner">, c: Context, fields: Fields) => {
  const host = c.req.header("host") ?? new URL(c.req.url).host
  const ref = field(fields, "channel")
  // What is not typed yet is no fault: only a conflict with another channel or output is told.
  const check = Effect.suspend(() =>
    ref === ""
      ? Effect.flatMap(inputIn(fields), (input) => channels.preview(input))
      : Effect.flatMap(channels.get(ref), (channel) =>
          Effect.flatMap(updateIn(fields, channel), ({ id: _, ...update }) =>
            channels.preview({ ...update, name: channel.name }, ref),
          ),
        ),
  )
  const checked = await runner.settle(c, check)
  const conflicts = Either.isLeft(checked) && checked.left.kind === "conflict" ? checked.left.errors : []
  const srt = srtAdvice(fields)
  return {
    understood: srt.understood,
    warnings: [...srt.warnings, ...conflicts.map(({ message, path }) => `${path}: ${message}`)],
    medialive: hasRtp(fields) ? mediaLiveOf(withoutSrt(fields), host) : null,
  }
}

/** What the form of a channel shows of what is stored. */
const shownChannel = ({ secretsTag }: Pick<AppServices["channels"], "secretsTag">, channel: ChannelView): Shown => ({
  values: channelValues(channel),
  secrets: secretsTag(channel.id),
})

/**
 * The forms that add, change and clone a channel: as they are first shown, or with what was typed and what is wrong
 * with it.
 */
export const makeChannelForms = (services: ChannelFormServices) => {
  const { channels, runner } = services

  /** Free places for the legs of a new channel, as fields of the form; what cannot be found is left out. */
  const freePlaces = async (c: Context): Promise<Fields> => {
    const port = await runner.settle(c, channels.freePort("udp"))
    return {
      ...(Either.isRight(port) ? { rtp_port: String(port.right) } : {}),
      ...(await freeListeners(c)),
    }
  }
  const freeListeners = async (c: Context): Promise<Fields> => {
    const urls = await runner.settle(c, channels.listenerUrls)
    return Either.isRight(urls) ? { free_url: urls.right.primary, backup_free_url: urls.right.backup } : {}
  }

  const addPage = async (c: Context, typed?: Fields, problem?: Problem): Promise<Response> => {
    const frame = frameOf(c, services)
    const [tag] = frame.caller?.tags ?? []
    const fields = typed ?? { ...(await freePlaces(c)), ...(tag === undefined ? {} : { tags: tag }) }
    const html = (
      <AddChannelPage
        frame={frame}
        boundTo={frame.caller?.tags}
        action="/channels"
        state={stateFor(fields, problem, "name")}
        groups={INPUT_GROUPS}
        kinds={KIND_CHOICES}
        advice={await adviceOf(services, c, fields)}
        back={backOf(c, typed)}
      />
    )
    return pageAnswer(html, problem)
  }

  const editPage = async (c: Context, ref: string, typed?: Fields, problem?: Problem): Promise<Response> => {
    const found = await runner.settle(c, channels.get(ref))
    if (Either.isLeft(found)) return problemResponse(found.left, c.req.path)
    const channel = found.right
    const fields = { ...(typed ?? { ...channelValues(channel), ...(await freeListeners(c)) }), channel: channel.slug }
    const frame = frameOf(c, services)
    const html = (
      <EditChannelPage
        frame={frame}
        boundTo={frame.caller?.tags}
        action={`/channels/${channel.slug}/edit`}
        editing={channel.slug}
        opened={typed?.[OPENED] ?? openedOf(shownChannel(channels, channel))}
        slug={channel.slug}
        name={channel.name}
        outputs={channel.outputs.length}
        isRunning={channel.status !== "stopped"}
        urlSecrets={{
          input_url: urlSecretFields(channel.input_url ?? "", "input_url"),
          backup_input_url: urlSecretFields(channel.backup_input_url ?? "", "backup_input_url"),
        }}
        state={stateFor(fields, problem, "name")}
        groups={INPUT_GROUPS}
        kinds={KIND_CHOICES}
        advice={await adviceOf(services, c, fields)}
        back={backOf(c, typed)}
      />
    )
    return pageAnswer(html, problem)
  }

  const clonePage = async (c: Context, ref: string, typed?: Fields, problem?: Problem): Promise<Response> => {
    const found = await runner.settle(c, channels.get(ref))
    if (Either.isLeft(found)) return problemResponse(found.left, c.req.path)
    const { name, slug } = found.right
    const state = stateOf(typed ?? { name: `${name.slice(0, 120)} copy` }, problem, ["name", "rtp_port"], "name")
    return pageAnswer(
      <ClonePage frame={frameOf(c, services)} name={name} slug={slug} state={state} back={backOf(c, typed)} />,
      problem,
    )
  }

  return { addPage, editPage, clonePage }
}

export const channelPageRoutes = (app: Hono, services: ChannelFormServices): void => {
  const { channels, runner } = services
  const { addPage, clonePage, editPage } = makeChannelForms(services)
  const withForm = makeWithForm(services)
  const backTo = (c: Context, fields: Fields, { slug }: ChannelView) =>
    withPlace(backOf(c, fields), { hash: `channel-${slug}` })

  methods(app, "/add/channel", { GET: (c) => addPage(c) })
  methods(app, "/fragments/check-channel", {
    POST: (c) => withForm(c, async (fields) => c.html(<ChannelAdvice {...(await adviceOf(services, c, fields))} />)),
  })
  methods(app, "/channels", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const created = await runner.settle(
          c,
          Effect.flatMap(
            Effect.suspend(() => wrongLegs(fields) ?? decode(ChannelInput, newChannelBody(fields))),
            channels.create,
          ),
        )
        if (Either.isLeft(created)) return addPage(c, fields, created.left)
        const { slug, status } = created.right
        if (fields["save"] === "start" && status === "stopped") {
          const started = await runner.settle(c, channels.start(slug))
          // The channel is there all the same: what is left to do with it is told on its own page.
          if (Either.isLeft(started)) return editPage(c, slug, undefined, started.left)
        }
        return goTo(c, backTo(c, fields, created.right))
      }),
  })
  methods(app, "/channels/:id/edit", {
    GET: (c) => editPage(c, c.req.param("id")),
    POST: (c) =>
      withForm(c, async (fields) => {
        const ref = c.req.param("id")
        const shown = Effect.map(channels.get(ref), (channel) => shownChannel(channels, channel))
        const asOpened = Effect.flatMap(shown, (now) => checkOpened(fields, now))
        const update = Effect.flatMap(channels.get(ref), (channel) =>
          Effect.flatMap(updateIn(fields, channel), (input) => channels.update(ref, input, asOpened)),
        )
        const updated = await runner.settle(c, update)
        if (Either.isRight(updated)) return goTo(c, backTo(c, fields, updated.right))
        const problem = updated.left
        const now = problem.kind === "precondition-failed" ? await runner.settle(c, shown) : Either.left(problem)
        const again = Either.isRight(now) ? merged(fields, now.right, problem) : { fields, problem }
        return editPage(c, ref, again.fields, again.problem)
      }),
  })
  methods(app, "/channels/:id/clone", {
    GET: (c) => clonePage(c, c.req.param("id")),
    POST: (c) =>
      withForm(c, async (fields) => {
        const ref = c.req.param("id")
        const port = field(fields, "rtp_port")
        const body = { name: field(fields, "name"), ...(port === "" ? {} : { rtp_port: numeric(port) }) }
        const cloned = await runner.settle(
          c,
          Effect.flatMap(decode(CloneInput, body), (input) => channels.clone(ref, input)),
        )
        if (Either.isLeft(cloned)) return clonePage(c, ref, fields, cloned.left)
        const { channel, left_out } = cloned.right
        if (left_out.length === 0) return goTo(c, `/channels/${channel.slug}/edit`)
        return pageAnswer(
          <ClonedPage frame={frameOf(c, services)} name={channel.name} slug={channel.slug} leftOut={left_out} />,
        )
      }),
  })
  methods(app, "/channels/:id/remove", {
    POST: (c) => runner.run(c, channels.remove(c.req.param("id")), (token) => goTo(c, withPlace("/", { undo: token }))),
  })
}
