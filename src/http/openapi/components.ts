/** Every schema of the document by its name: bodies as they are validated, answers as they are described. */

import { KeyInput, UserChange, UserInput } from "../../effects/accounts/account-bodies.ts"
import {
  ChannelUpdate,
  CueInput,
  InputSettingsInput,
  OutputInput,
  OutputSettingsInput,
  OutputUpdate,
  SegmentationInput,
  SwitchInput,
} from "../../effects/config/request-bodies.ts"
import {
  ChannelDocument,
  CloneInput,
  ConfigDocument,
  OutputDocument,
  RollbackInput,
} from "../../effects/declarative/document.ts"
import { AutoInput, ConnectionInput } from "../../effects/medialive/medialive-bodies.ts"
import {
  AcknowledgeInput,
  DestinationInput,
  DestinationUpdate,
  MuteInput,
  MuteRepeats,
  RuleInput,
  RulesInput,
} from "../../effects/notifications/notification-bodies.ts"
import { PartnerLinkInput } from "../../effects/partners/partner-bodies.ts"
import { ScheduleInput } from "../../effects/schedule/schedule-bodies.ts"
import { ChannelRequest, OutputRequest, TemplateInput, TemplateUpdate } from "../../effects/templates/template-model.ts"
import { BulkInput } from "../routes/bulk.ts"
import { InputBody, InputChange, InputOutputChange } from "../routes/inputs-view.ts"
import { MoveInput, NodeChange, PlacementInput } from "../routes/node-bodies.ts"
import { DecodeInput } from "../routes/scte35.ts"
import * as accounts from "./account-schemas.ts"
import * as config from "./config-schemas.ts"
import { EXAMPLES } from "./examples.ts"
import { describeField } from "./fields.ts"
import * as history from "./history-schemas.ts"
import { componentsOf, type JsonObject, type Named } from "./json-schema.ts"
import * as medialive from "./medialive-schemas.ts"
import * as nodes from "./node-schemas.ts"
import * as notifications from "./notification-schemas.ts"
import * as partners from "./partner-schemas.ts"
import * as schemas from "./schemas.ts"
import * as scte35 from "./scte35-schemas.ts"
import * as system from "./system-schemas.ts"

const body = (schema: Named["schema"], description: string): Named => ({ schema, description, strict: true })
const answer = (schema: Named["schema"], description: string): Named => ({ schema, description })

const TABLE: Readonly<Record<string, Named>> = {
  ChannelInput: body(ChannelRequest, "A channel to create: `name` and `rtp_port` are all it needs"),
  ChannelUpdate: body(ChannelUpdate, "Changes of a channel: what is left out stays as it is"),
  InputSettings: body(
    InputSettingsInput,
    "Receive settings: what is left out stays as it is, null goes back to the default",
  ),
  OutputInput: body(OutputInput, "An output to add: `url`, or a `preset` that brings one"),
  OutputRequest: body(OutputRequest, "An output to add: `url`, a `preset` that brings one, or a `template`"),
  OutputUpdate: body(OutputUpdate, "Changes of an output: what is left out stays as it is"),
  OutputSettings: body(
    OutputSettingsInput,
    "Settings of an output: what is left out stays as it is, null goes back to the default",
  ),
  SwitchInput: body(SwitchInput, "The source to switch to"),
  DecodeInput: body(DecodeInput, "A cue to decode"),
  CueInput: body(CueInput, "A cue to insert: `cue`, or `command` with its fields"),
  SegmentationInput: body(SegmentationInput, "A segmentation_descriptor (SCTE 35, 10.3.3)"),

  BulkInput: body(BulkInput, "What to do with many channels"),
  CloneInput: body(CloneInput, "What the copy differs in"),
  ConfigDocument: body(ConfigDocument, "The whole configuration"),
  ChannelDocument: body(ChannelDocument, "A channel of the configuration: what is left out has its default"),
  OutputDocument: body(OutputDocument, "An output of the configuration: what is left out has its default"),
  RollbackInput: body(RollbackInput, "The version to go back to"),
  NumberedInputBody: body(InputBody, "An input to create; it is started at once"),
  NumberedInputChange: body(InputChange, "Changes of an input: what is left out stays as it is"),
  NumberedOutputChange: body(InputOutputChange, "Changes of an output: what is left out stays as it is"),

  TemplateInput: body(TemplateInput, "A template to create"),
  TemplateUpdate: body(TemplateUpdate, "Changes of a template: what is left out stays as it is"),
  UserInput: body(UserInput, "A user to create"),
  UserChange: body(UserChange, "Changes of a user: what is left out stays as it is"),
  KeyInput: body(KeyInput, "An API key to create"),

  DestinationInput: body(
    DestinationInput,
    "A destination to create: for `email` with `host`, `from` and `to`, for the others with `url`",
  ),
  DestinationUpdate: body(
    DestinationUpdate,
    "Changes of a destination: what is left out stays as it is, null takes it away",
  ),
  NotificationRulesInput: body(RulesInput, "Who is to be told of what"),
  NotificationRuleInput: body(RuleInput, "A rule: what it leaves out is not limited"),
  MuteInput: body(MuteInput, "What to mute, for how long: `until` or `minutes`"),
  MuteRepeatsInput: body(MuteRepeats, "Windows in which a mute mutes, on days of the week"),
  AcknowledgeInput: body(AcknowledgeInput, "Which notices to acknowledge: `keys`, or `all`"),

  PartnerLinkInput: body(PartnerLinkInput, "Whom a partner link is for, and for how long"),
  ScheduleInput: body(ScheduleInput, "When a channel is to be started and stopped"),
  MediaLiveConnectionInput: body(
    ConnectionInput,
    "Changes of the connection to AWS: what is left out stays as it is, null takes it away",
  ),
  MediaLiveAutoInput: body(AutoInput, "Whether a channel of MediaLive is started and stopped by itself"),

  PartnerLinks: answer(partners.PartnerLinks, "Links that show an output to partners"),
  PartnerLink: answer(partners.PartnerLink, "A link that shows an output to a partner"),
  PartnerLinkMade: answer(partners.PartnerLinkMade, "A link with its token, which is shown this once"),
  Schedule: answer(medialive.Schedule, "When a channel is started and stopped"),
  MediaLiveConnection: answer(medialive.Connection, "The connection to AWS"),
  MediaLiveConnectionTest: answer(medialive.ConnectionTest, "What came of a test of the connection"),
  MediaLiveChannels: answer(medialive.Channels, "Channels of MediaLive"),
  MediaLiveChannel: answer(medialive.Channel, "A channel of MediaLive"),
  MediaLiveDetail: answer(medialive.Detail, "A channel of MediaLive with its outputs"),
  MediaLiveFeed: answer(medialive.Feed, "A source here that a pipeline sends to"),
  MediaLivePrice: answer(medialive.Price, "What an hour costs by list prices, which is no bill"),
  MediaLiveAuto: answer(medialive.Auto, "What a channel of MediaLive does by itself"),
  MediaLiveAlert: answer(medialive.Alert, "An alert of MediaLive that is set"),
  MediaLiveFigures: answer(medialive.Figures, "Figures of CloudWatch"),
  MediaLiveDraft: answer(medialive.Draft, "A channel here that takes an output, for `POST /api/channels`"),
  MediaLiveOutput: answer(medialive.Output, "An output of a channel of MediaLive"),
  MediaLiveCheck: answer(medialive.Check, "Something that is wrong, or will be, between both sides"),
  MediaLiveBeside: answer(medialive.Beside, "MediaLive beside a source here"),
  MediaLiveOfChannel: answer(medialive.OfChannel, "MediaLive beside the sources of a channel"),
  MediaLiveCosts: answer(medialive.Costs, "What a month came to by list prices"),

  Channels: answer(schemas.Channels, "All channels"),
  Channel: answer(schemas.Channel, "A channel with its figures"),
  ChannelWorst: answer(schemas.ChannelWorst, "How a channel is, in one word with its cause"),
  ReceiveState: answer(
    schemas.ReceiveState,
    "Settings with their defaults, how the sources are joined, and what each receives",
  ),
  Leg: answer(schemas.Leg, "A source as it is received"),
  Programme: answer(schemas.Programme, "A programme as its PMT describes it"),
  Scte35State: answer(schemas.Scte35State, "Where the ad breaks of a channel stand"),
  Alarm: answer(schemas.Alarm, "Something that needs a person"),
  ClonedChannel: answer(schemas.ClonedChannel, "The copy, stopped, with disabled outputs"),
  BulkAnswer: answer(schemas.BulkAnswer, "What came of it for each channel"),
  ChannelEvents: answer(schemas.ChannelEvents, "What happened to a channel"),
  ChannelEvent: answer(schemas.ChannelEvent, "Something that happened"),
  EventsOfChannels: answer(schemas.EventsOfChannels, "What happened to all channels"),
  EventOfChannel: answer(schemas.EventOfChannel, "Something that happened, with its channel"),
  ChannelName: answer(schemas.ChannelName, "A channel as others name it"),
  CuesOfChannels: answer(scte35.CuesOfChannels, "Cues of all channels"),
  CueOfChannel: answer(scte35.CueOfChannel, "A cue with its channel"),
  History: answer(history.History, "Figures of a channel over time"),
  HistorySeries: answer(history.Series, "Figures of one source or output"),
  Figures: answer(history.Figures, "Stored figures of a channel"),
  FigureTotals: answer(history.Totals, "What a leg or an output did, in sum"),
  AsRun: answer(history.AsRun, "What was sent of a channel's cues"),
  Egress: answer(history.Egress, "What outputs sent in a month"),
  HistoryMark: answer(history.Mark, "Something to be marked in a plot"),
  Outputs: answer(schemas.Outputs, "The outputs of a channel"),
  Output: answer(schemas.Output, "An output with its figures"),
  Settings: answer(schemas.Settings, "Settings of an output, as they were given"),
  Receiver: answer(schemas.Receiver, "A receiver of an SRT listener"),
  OutputTest: answer(schemas.OutputTest, "What came of a dry run"),
  Templates: answer(schemas.Templates, "All templates"),
  Template: answer(schemas.Template, "An output with placeholders, its secrets masked"),
  Presets: answer(schemas.Presets, "Well-known destinations"),
  Preset: answer(schemas.Preset, "A well-known destination"),
  Cues: answer(scte35.Cues, "Cues of a channel"),
  Cue: answer(scte35.Cue, "A cue with its decode and the proof for each output"),
  CueProof: answer(scte35.CueProof, "Whether a cue left by an output"),
  CueAnswer: answer(scte35.CueAnswer, "A cue that is on its way into the stream"),
  SpliceInfoSection: answer(
    scte35.Section,
    "splice_info_section (ANSI/SCTE 35, 9.6); times in 90 kHz ticks unless the name says seconds",
  ),
  SpliceCommand: answer(scte35.SpliceCommand, "A splice command (ANSI/SCTE 35, 9.7)"),
  SpliceDescriptor: answer(scte35.SpliceDescriptor, "A splice descriptor (ANSI/SCTE 35, 10)"),
  Upid: answer(scte35.Upid, "A UPID (ANSI/SCTE 35, 10.3.3.1)"),
  ConfigAnswer: answer(config.ConfigAnswer, "What was changed, or would be"),
  ChannelChange: answer(config.ChannelChange, "A channel before and after"),
  OutputChange: answer(config.OutputChange, "An output before and after"),
  FieldChange: answer(config.FieldChange, "A field before and after"),
  Versions: answer(config.Versions, "Versions of the configuration"),
  ConfigChanges: answer(config.ConfigChanges, "Changes of channels and their outputs"),
  Change: answer(config.Change, "A change of a channel and its outputs"),
  Version: answer(config.Version, "A version of the configuration"),
  VersionWithConfig: answer(config.VersionWithConfig, "A version of the configuration with what it was"),
  NumberedInputs: answer(config.NumberedInputs, "All channels as inputs"),
  NumberedInput: answer(config.NumberedInput, "A channel as an input with a number"),
  NumberedOutputs: answer(config.NumberedOutputs, "The outputs of an input"),
  NumberedOutput: answer(config.NumberedOutput, "An output with a number"),
  OutputLog: answer(config.OutputLog, "What happened to an output"),
  NodeChange: body(NodeChange, "Changes of a node: what is left out stays as it is"),
  PlacementInput: body(PlacementInput, "Where a channel is to run: what is left out stays as it is"),
  MoveInput: body(MoveInput, "Where a channel is to move"),
  EngineCrashes: answer(system.EngineCrashes, "What died or hung, and channels that are kept out since"),
  EngineHealth: answer(system.NumberedEngine, "One of the engines"),
  EngineCrash: answer(system.EngineCrash, "An engine that died or hung, or a control plane that died"),
  EngineCrashDetails: answer(system.EngineCrashDetails, "All that is kept of what died or hung"),
  Nodes: answer(nodes.Nodes, "The nodes of this installation; none on a single machine"),
  Node: answer(nodes.Node, "A machine that runs channels"),
  Placement: answer(nodes.Placement, "Where a channel runs"),
  Move: answer(nodes.Move, "How a channel came to its owner"),
  InputNeeds: answer(nodes.Needs, "What the input of a channel needs to follow it to another node"),
  LegNeeds: answer(nodes.LegNeeds, "What a source needs"),
  DrainedChannel: answer(nodes.DrainedChannel, "A channel that left a drained node, or could not"),
  Users: answer(accounts.Users, "All users"),
  User: answer(accounts.User, "A user"),
  Keys: answer(accounts.Keys, "All keys but that of `API_KEY`"),
  Key: answer(accounts.Key, "An API key, without the key itself"),
  NewKey: answer(accounts.NewKey, "An API key that was just created"),
  AuditEntries: answer(accounts.AuditEntries, "Who asked for which change"),
  AuditEntry: answer(accounts.AuditEntry, "A request for a change, or a login"),
  Notices: answer(notifications.Notices, "What is wrong, and what was"),
  Notice: answer(notifications.Notice, "Something that is wrong, or was"),
  Destinations: answer(notifications.Destinations, "Who is told"),
  Destination: answer(notifications.Destination, "Who is told, and how that works"),
  Delivery: answer(notifications.Delivery, "How messages get there"),
  NotificationTest: answer(notifications.TestAnswer, "What came of a test message"),
  NotificationRules: answer(notifications.Rules, "Who is told of what"),
  NotificationRule: answer(notifications.Rule, "What is sent to whom"),
  Mutes: answer(notifications.Mutes, "Mutes that have not ended"),
  Mute: answer(notifications.Mute, "What is not told, until when"),
  MuteWindows: answer(notifications.MuteWindows, "Windows in which a mute mutes"),
  Incident: answer(notifications.Incident, "Open notices of one cause"),
  IncidentChannel: answer(notifications.IncidentChannel, "A channel that an incident hits"),
  IncidentOutput: answer(notifications.IncidentOutput, "An output that an incident hits"),
  SystemStats: answer(system.SystemStats, "What the service uses of its machine"),
  Health: answer(system.Health, "How the service is"),
  Alive: answer(system.Alive, "The process runs"),
  Ready: answer(system.Ready, "Whether requests can be served"),
  Problem: answer(schemas.Problem, "What is wrong (RFC 9457)"),
}

export const NAMED: Readonly<Record<string, Named>> = Object.fromEntries(
  Object.entries(TABLE).map(([name, one]) => {
    const examples = EXAMPLES[name]
    return [name, examples === undefined ? one : { ...one, examples }]
  }),
)

/** Those whose fields are the specification's, and explained there. */
export const OF_THE_SPECIFICATION: ReadonlySet<string> = new Set([
  "SpliceInfoSection",
  "SpliceCommand",
  "SpliceDescriptor",
  "Upid",
])

export const components = (): Readonly<Record<string, JsonObject>> =>
  componentsOf(NAMED, (component, field) =>
    OF_THE_SPECIFICATION.has(component) ? undefined : describeField(component, field),
  )
