/** @jsxImportSource hono/jsx */
/** Pages of output templates. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { ConfirmPage } from "../../../../views/channels/ConfirmPage.tsx"
import { TemplateFormPage, TemplateListPage } from "../../../../views/settings/TemplatePages.tsx"
import { protocolOfUrl } from "../../../core/output/output-url.ts"
import type { ChannelView } from "../../../effects/model/channel.ts"
import type { TaggedTemplate } from "../../../effects/templates/Templates.ts"
import {
  fromTemplate,
  TemplateInput,
  TemplateUpdate,
  type TemplateView,
} from "../../../effects/templates/template-model.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import type { Problem } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { channelChoices } from "../forms/channel-choices.ts"
import { type Fields, field, pageAnswer, shownAgain, stateOf } from "../forms/form-fields.ts"
import { checkOpened, merged, OPENED, openedOf, type Shown } from "../forms/meanwhile.ts"
import {
  beginOf,
  changedOutputBody,
  newOutputBody,
  OUTPUT_FIELDS,
  outputValues,
  PRESET_CHOICES,
  SECRET_FIELDS,
  settingGroups,
  URL_FIELDS,
  withStoredSecrets,
} from "../forms/output-fields.ts"
import { keyPlaceOf, outputSecretFields, wrongOutputSecrets } from "../forms/secret-fields.ts"
import { makeWithForm } from "../forms/with-form.ts"
import { frameOf } from "../frame.ts"
import { doneOf } from "./settings-forms.ts"

/** Fields of the page. The template's own name is the field `template`, since `name` would be the output's. */
const FIELDS = [
  "template",
  ...OUTPUT_FIELDS.filter((name) => !["channel", "template", "name"].includes(name)),
  "output_name",
  "enabled",
]

const begins = (fields: Fields) =>
  field(fields, "enabled") === "" ? {} : { enabled: field(fields, "enabled") === "true" }
const newBody = (fields: Fields): Record<string, unknown> => {
  const { name: _, template: __, ...body } = newOutputBody(fields)
  const outputName = field(fields, "output_name")
  return {
    ...body,
    name: field(fields, "template"),
    ...(outputName === "" ? {} : { output_name: outputName }),
    ...begins(fields),
  }
}
const changedBody = (fields: Fields, old: TemplateView): Record<string, unknown> => {
  const { name: _, ...body } = changedOutputBody(fields, old)
  return { ...body, output_name: field(fields, "output_name"), ...begins(fields) }
}
const templateValues = (template: TemplateView): Fields => {
  const { name: _, ...values } = outputValues(template)
  return { ...values, output_name: template.output_name ?? "", enabled: String(template.enabled) }
}

/** The output that a template becomes for a channel; its secrets are already masked. */
const meaningFor = (template: TemplateView, channel: ChannelView) => {
  const { name, url } = fromTemplate(template, channel)
  return { name: name ?? template.name, url: url ?? template.url }
}

type Services = Pick<AppServices, "access" | "channels" | "runner" | "templates">

/** Declares the list of templates, which shows what each would be for a channel. */
const listRoute = (app: Hono, services: Services): void => {
  const { channels, runner, templates } = services

  methods(app, "/settings/templates", {
    GET: (c) =>
      runner.run(c, Effect.all([templates.list, channels.list]), ([all, channels]) => {
        const asked = c.req.query("channel")
        const channel = channels.find(({ slug }) => slug === asked) ?? channels[0]
        return c.html(
          <TemplateListPage
            frame={frameOf(c, services)}
            done={doneOf(c)}
            templates={all.map((template) => ({
              template,
              means: channel === undefined ? null : meaningFor(template, channel),
            }))}
            channels={channelChoices(channels)}
            channel={channel?.slug ?? ""}
          />,
        )
      }),
  })
}

/** What the form of a template shows of what is stored. */
const shownTemplate = ({ tag, template }: TaggedTemplate): Shown => ({ values: templateValues(template), secrets: tag })

/** The form of the template `old`, or of a new one when that is null; after a refusal it keeps what was typed. */
const formPage = (
  c: Context,
  services: Pick<Services, "access">,
  stands: TaggedTemplate | null,
  fields?: Fields,
  problem?: Problem,
) => {
  const old = stands?.template ?? null
  const values = fields ?? (old === null ? {} : templateValues(old))
  const state = stateOf(
    shownAgain(values, SECRET_FIELDS, URL_FIELDS),
    problem,
    FIELDS,
    old === null ? "template" : beginOf(old),
    { name: "template" },
  )
  const protocol = old === null ? "" : (protocolOfUrl(field(values, "url")) ?? "")
  const groups = withStoredSecrets(settingGroups(protocol), old?.settings ?? {})
  const stored = old === null ? undefined : { key: keyPlaceOf(old), urlSecrets: outputSecretFields(old) }
  return pageAnswer(
    <TemplateFormPage
      frame={frameOf(c, services)}
      name={old?.name ?? null}
      stored={stored}
      opened={stands === null ? undefined : (fields?.[OPENED] ?? openedOf(shownTemplate(stands)))}
      state={state}
      presets={PRESET_CHOICES}
      settings={{ protocol, groups, state }}
    />,
    problem,
  )
}

const saved = (c: Context, { name }: TemplateView) => c.redirect(`/settings/templates?done=saved#template-${name}`, 303)

/** Declares the forms that add and change a template. */
const formRoutes = (app: Hono, services: Services): void => {
  const { runner, templates } = services
  const withForm = makeWithForm(services)

  methods(app, "/settings/templates/add", {
    GET: (c) => formPage(c, services, null),
    POST: (c) =>
      withForm(c, async (fields) => {
        const created = await runner.settle(c, Effect.flatMap(decode(TemplateInput, newBody(fields)), templates.create))
        return Either.isLeft(created) ? formPage(c, services, null, fields, created.left) : saved(c, created.right)
      }),
  })
  methods(app, "/settings/templates/:template/edit", {
    GET: (c) => runner.run(c, templates.tagged(c.req.param("template")), (stands) => formPage(c, services, stands)),
    POST: (c) =>
      withForm(c, (fields) =>
        runner.run(c, templates.tagged(c.req.param("template")), async (stands) => {
          const { template: old } = stands
          const now = Effect.map(templates.tagged(old.name), shownTemplate)
          const asOpened = Effect.flatMap(now, (shown) => checkOpened(fields, shown))
          const update = Effect.flatMap(
            wrongOutputSecrets(fields, old) ?? decode(TemplateUpdate, changedBody(fields, old)),
            (body) => templates.update(old.name, body, asOpened),
          )
          const changed = await runner.settle(c, update)
          if (Either.isRight(changed)) return saved(c, changed.right.template)
          if (changed.left.kind !== "precondition-failed") return formPage(c, services, stands, fields, changed.left)
          return runner.run(c, templates.tagged(old.name), (later) => {
            const again = merged(fields, shownTemplate(later), changed.left)
            return formPage(c, services, later, again.fields, again.problem)
          })
        }),
      ),
  })
}

/** Declares the removal of a template, which asks first. */
const removeRoute = (app: Hono, services: Services): void => {
  const { runner, templates } = services

  methods(app, "/settings/templates/:template/remove", {
    GET: (c) =>
      runner.run(c, templates.get(c.req.param("template")), ({ name }) =>
        c.html(
          <ConfirmPage
            frame={frameOf(c, services)}
            question={`Remove the template ${name}?`}
            items={["Outputs that were made from it stay as they are."]}
            to={`/settings/templates/${name}/remove`}
            fields={[]}
            yes={`Remove ${name}`}
            back="/settings/templates"
          />,
        ),
      ),
    POST: (c) =>
      runner.run(c, templates.remove(c.req.param("template")), () =>
        c.redirect("/settings/templates?done=removed", 303),
      ),
  })
}

export const templatePageRoutes = (app: Hono, services: Services): void => {
  listRoute(app, services)
  formRoutes(app, services)
  removeRoute(app, services)
}
