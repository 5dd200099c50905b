/** As `schemas.test.ts`: a difference does not compile. */
import { Schema } from "effect"
import { expect, it } from "vitest"
import type {
  DestinationView,
  MuteView,
  NoticeView,
  RulesView,
  TestAnswer,
} from "../../effects/notifications/notification-bodies.ts"
import { DEFAULT_RULES } from "../../effects/notifications/rules.ts"
import type { PartnerLinkView } from "../../effects/partners/partner-bodies.ts"
import * as schemas from "./notification-schemas.ts"
import type { PartnerLink } from "./partner-schemas.ts"

type Mutual<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
const held = <A, B>(_same: Mutual<A, B>): void => undefined

it("described answers about notifications are those of the control plane", () => {
  held<typeof schemas.Destination.Type, DestinationView>(true)
  held<typeof schemas.Rules.Type, RulesView>(true)
  held<typeof schemas.Mute.Type, MuteView>(true)
  held<typeof schemas.Notice.Type, NoticeView>(true)
  held<typeof schemas.TestAnswer.Type, TestAnswer>(true)
  held<typeof schemas.TestAnswer.Type, TestAnswer & { readonly more: string }>(false)
  expect(Schema.decodeUnknownSync(schemas.Rules, { onExcessProperty: "error" })(DEFAULT_RULES)).toEqual(DEFAULT_RULES)
})

it("described answers about partner links are those of the control plane", () => {
  held<typeof PartnerLink.Type, PartnerLinkView>(true)
})
