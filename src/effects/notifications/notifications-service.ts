/** What the API and the pages ask of the notifications. */
import type { Effect } from "effect"
import type { Conflict, InvalidInput, NotFound, StoreError } from "../model/Errors.ts"
import type {
  AcknowledgeInput,
  DestinationInput,
  DestinationUpdate,
  DestinationView,
  MuteInput,
  MuteView,
  NoticeView,
  RulesInput,
  RulesView,
  TestAnswer,
} from "./notification-bodies.ts"

export interface NotificationsService {
  /** Open notices, newest first, then those that are over. */
  readonly notices: Effect.Effect<ReadonlyArray<NoticeView>>
  /** Stops the repeats of an open notice, in the name of the current `Actor`. */
  readonly acknowledge: (key: string) => Effect.Effect<NoticeView, NotFound | StoreError>
  /**
   * Acknowledges many open notices at once, and tells them. What is over by now is left out; `InvalidInput` where
   * neither keys nor `all` say which.
   */
  readonly acknowledgeMany: (
    input: AcknowledgeInput,
  ) => Effect.Effect<ReadonlyArray<NoticeView>, InvalidInput | StoreError>
  readonly destinations: Effect.Effect<ReadonlyArray<DestinationView>>
  readonly destination: (id: string) => Effect.Effect<DestinationView, NotFound>
  /** With a tag that changes with what is masked, and tells nothing of it. */
  readonly taggedDestination: (
    id: string,
  ) => Effect.Effect<{ readonly destination: DestinationView; readonly secrets: string }, NotFound>
  readonly createDestination: (
    input: DestinationInput,
  ) => Effect.Effect<DestinationView, InvalidInput | Conflict | StoreError>
  /**
   * Changes a destination; fields left out stay. Messages that wait are tried again at once.
   *
   * @param check see `ChangesService.change`; below, too
   */
  readonly updateDestination: <E = never>(
    id: string,
    change: DestinationUpdate,
    check?: Effect.Effect<void, E>,
  ) => Effect.Effect<DestinationView, E | NotFound | InvalidInput | Conflict | StoreError>
  /** Removes a destination together with the messages that wait for it. */
  readonly removeDestination: (id: string) => Effect.Effect<void, NotFound | StoreError>
  /** Sends a message to a destination, enabled or not, and says how it went, within 30 s. */
  readonly test: (id: string) => Effect.Effect<TestAnswer, NotFound>
  readonly rules: Effect.Effect<RulesView>
  readonly setRules: <E = never>(
    input: RulesInput,
    check?: Effect.Effect<void, E>,
  ) => Effect.Effect<RulesView, E | InvalidInput | StoreError>
  /** Mutes that have not ended. */
  readonly mutes: Effect.Effect<ReadonlyArray<MuteView>>
  readonly mute: (input: MuteInput) => Effect.Effect<MuteView, InvalidInput | Conflict | StoreError>
  readonly unmute: (id: string) => Effect.Effect<void, NotFound | StoreError>
}
