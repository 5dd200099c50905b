/** The described answers are those of the control plane: the compiler compares both ways. */
import { describe, it } from "vitest"
import type { Preset } from "../../core/output/presets.ts"
import type { SpliceCommand } from "../../core/scte35/command-fields.ts"
import type { SpliceDescriptor, Upid } from "../../core/scte35/descriptor-fields.ts"
import type { SpliceInfoSection } from "../../core/scte35/section-fields.ts"
import type { KeyView, UserView } from "../../effects/accounts/account-bodies.ts"
import type { AuditEntry } from "../../effects/accounts/audit-rows.ts"
import type { ConfigAnswer, VersionEntry, VersionView } from "../../effects/declarative/Configuration.ts"
import type { FiguresView, HistoryMark, HistorySeries, HistoryView } from "../../effects/history/history-model.ts"
import type {
  ChannelView,
  LegView,
  OutputTestView,
  OutputView,
  ProgrammeView,
  ReceiverView,
} from "../../effects/model/channel.ts"
import type { ChannelCueView, CueAnswer, CueProof } from "../../effects/model/cue.ts"
import type { Alarm, ChannelEventOfView, ChannelEventView } from "../../effects/model/event.ts"
import type { DrainedChannel } from "../../effects/nodes/Nodes.ts"
import type { Health } from "../../effects/show/health-of.ts"
import type { TemplateView } from "../../effects/templates/template-model.ts"
import type { BulkResult } from "../routes/bulk.ts"
import type { DecodedCueView } from "../routes/cue-json.ts"
import type { InputOutputView, InputView, OutputLogLine } from "../routes/inputs-view.ts"
import type { NodeShown, PlacementShown } from "../services/placement-shown.ts"
import type { ProblemBody } from "../testing/test-app.ts"
import type * as accounts from "./account-schemas.ts"
import type * as config from "./config-schemas.ts"
import type * as history from "./history-schemas.ts"
import type * as nodes from "./node-schemas.ts"
import type * as schemas from "./schemas.ts"
import type * as scte35 from "./scte35-schemas.ts"
import type * as system from "./system-schemas.ts"

/** Lists are lists, whoever may change them. */
type Plain<T> =
  T extends ReadonlyArray<infer Item>
    ? ReadonlyArray<Plain<Item>>
    : T extends object
      ? { readonly [Key in keyof T]: Plain<T[Key]> }
      : T
/** Every field there, so that one which may be left out cannot be forgotten. */
type Whole<T> =
  T extends ReadonlyArray<infer Item>
    ? ReadonlyArray<Whole<Item>>
    : T extends object
      ? { readonly [Key in keyof T]-?: Whole<Exclude<T[Key], undefined>> }
      : T
type Mutual<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
type Same<A, B> = Mutual<Plain<A>, Plain<B>> extends true ? Mutual<Whole<A>, Whole<B>> : false

const held = <A, B>(_same: Same<A, B>): void => undefined

describe("described answers", () => {
  it("are those of the control plane, field for field (a difference does not compile)", () => {
    held<typeof schemas.Channel.Type, ChannelView>(true)
    held<typeof schemas.Output.Type, OutputView>(true)
    held<typeof schemas.Leg.Type, LegView>(true)
    held<typeof schemas.Programme.Type, ProgrammeView>(true)
    held<typeof nodes.Node.Type, NodeShown>(true)
    held<typeof nodes.Placement.Type, PlacementShown>(true)
    held<typeof nodes.DrainedChannel.Type, DrainedChannel>(true)
    held<typeof schemas.Receiver.Type, ReceiverView>(true)
    held<typeof schemas.Alarm.Type, Alarm>(true)
    held<typeof schemas.ChannelEvent.Type, ChannelEventView>(true)
    held<typeof schemas.EventOfChannel.Type, ChannelEventOfView>(true)
    held<typeof scte35.CueOfChannel.Type, DecodedCueView & Pick<ChannelCueView, "channel">>(true)
    held<typeof history.History.Type, HistoryView>(true)
    held<typeof history.Series.Type, HistorySeries>(true)
    held<typeof history.Mark.Type, HistoryMark>(true)
    held<typeof history.Figures.Type, FiguresView>(true)
    held<typeof schemas.Template.Type, TemplateView>(true)
    held<typeof schemas.Preset.Type, Preset>(true)
    held<typeof schemas.OutputTest.Type, OutputTestView>(true)
    held<typeof system.Health.Type, Health>(true)
    held<Omit<typeof schemas.Problem.Type, "instance">, ProblemBody>(true)
    held<typeof scte35.SpliceCommand.Type, SpliceCommand>(true)
    held<typeof scte35.Upid.Type, Upid>(true)
    held<typeof scte35.SpliceDescriptor.Type, SpliceDescriptor>(true)
    held<typeof scte35.Section.Type, SpliceInfoSection>(true)
    held<typeof scte35.CueProof.Type, CueProof>(true)
    held<typeof scte35.Cue.Type, DecodedCueView>(true)
    held<typeof scte35.CueAnswer.Type, CueAnswer>(true)
    held<(typeof schemas.BulkAnswer.Type)["results"][number], BulkResult>(true)
    held<typeof accounts.User.Type, UserView>(true)
    held<typeof accounts.Key.Type, KeyView>(true)
    held<typeof accounts.AuditEntry.Type, AuditEntry>(true)
    held<typeof config.ConfigAnswer.Type, ConfigAnswer>(true)
    held<typeof config.Version.Type, VersionEntry>(true)
    held<typeof config.VersionWithConfig.Type, VersionView>(true)
    held<typeof config.NumberedInput.Type, InputView>(true)
    held<typeof config.NumberedOutput.Type, InputOutputView>(true)
    held<(typeof config.OutputLog.Type)["logs"][number], OutputLogLine>(true)
  })

  it("notice what is missing, too much or different", () => {
    held<{ a: number }, { a: number; b?: string }>(false)
    held<{ a?: number }, { a: number }>(false)
    held<{ a: { b: number | null } }, { a: { b: number } }>(false)
    held<{ a: ReadonlyArray<{ b: 1 }> }, { a: Array<{ b: 1; c?: 2 }> }>(false)
  })
})
