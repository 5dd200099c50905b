/** What a form shows beyond its labels. */
export interface FormState {
  /** By field name, as typed; secrets are left out. */
  readonly values: Readonly<Record<string, string>>
  /** What is wrong, by field name. */
  readonly errors: Readonly<Record<string, string>>
  /** What is wrong and belongs to no field. */
  readonly alerts: ReadonlyArray<string>
  /** Field that the cursor starts in: the first wrong one. */
  readonly focus: string
}

export interface Choice {
  readonly value: string
  readonly text: string
}

/** A field by its description, for the many settings. */
export interface FieldSpec {
  /** Also the path of its errors. */
  readonly name: string
  readonly label: string
  readonly kind: "text" | "number" | "secret" | "choice" | "checks" | "list"
  readonly hint?: string
  /** Of `choice`, its first one being the default; of `checks`, each is a field of its own: `name.value`. */
  readonly choices?: ReadonlyArray<Choice>
  /** Shown in the empty field. */
  readonly placeholder?: string
}
