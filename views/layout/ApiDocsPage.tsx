/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import type { Frame } from "./frame.ts"
import { Layout } from "./Layout.tsx"

/** A type in words; names of schemas become links. */
export type ApiType = ReadonlyArray<string | { readonly schema: string }>

export interface ApiField {
  readonly name: string
  readonly type: ApiType
  readonly required: boolean
  readonly description: string
}

export interface ApiParameter extends ApiField {
  /** `path`, `query` or `header`. */
  readonly place: string
  /** Default value; empty without one. */
  readonly standard: string
}

export interface ApiContent {
  readonly type: string
  readonly schema: ApiType
}

export interface ApiOperation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly summary: string
  readonly description: string
  /** True when no key is needed. */
  readonly free: boolean
  readonly parameters: ReadonlyArray<ApiParameter>
  readonly body: ReadonlyArray<ApiContent>
  readonly answers: ReadonlyArray<{
    readonly status: string
    readonly description: string
    readonly content: ReadonlyArray<ApiContent>
  }>
}

export interface ApiSchema {
  readonly name: string
  readonly description: string
  /** Fields of each of the shapes it may have. */
  readonly variants: ReadonlyArray<ReadonlyArray<ApiField>>
  /** Examples as indented JSON. */
  readonly examples: ReadonlyArray<string>
}

export interface ApiDocsPageProps {
  readonly title: string
  readonly version: string
  readonly description: string
  readonly tags: ReadonlyArray<{
    readonly name: string
    readonly description: string
    readonly operations: ReadonlyArray<ApiOperation>
  }>
  readonly schemas: ReadonlyArray<ApiSchema>
}

const TypeText = ({ type }: { readonly type: ApiType }) => (
  <>{type.map((part) => (typeof part === "string" ? part : <a href={`#schema-${part.schema}`}>{part.schema}</a>))}</>
)

/** Text with `code` between backquotes, as descriptions have it, marked up. */
const Prose = ({ text }: { readonly text: string }) => (
  <>{text.split("`").map((part, i) => (i % 2 === 0 ? part : <code>{part}</code>))}</>
)

const Contents = ({ contents }: { readonly contents: ReadonlyArray<ApiContent> }) => (
  <>
    {contents.map(({ schema, type }) => (
      <p>
        <code>{type}</code> <TypeText type={schema} />
      </p>
    ))}
  </>
)

const Operation = ({ operation }: { readonly operation: ApiOperation }) => (
  <section class="card" id={operation.id}>
    <h3>
      <a href={`#${operation.id}`}>
        <code>
          {operation.method} {operation.path}
        </code>
      </a>{" "}
      {operation.summary}
    </h3>
    <p>
      <Prose text={operation.description} />
    </p>
    {operation.free ? <p class="hint">No key is asked for.</p> : null}
    {operation.parameters.length === 0 ? null : (
      <table>
        <caption>Parameters</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">In</th>
            <th scope="col">Type</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          {operation.parameters.map(({ description, name, place, standard, type }) => (
            <tr>
              <th scope="row">
                <code>{name}</code>
              </th>
              <td>{place}</td>
              <td>
                <TypeText type={type} />
                {standard === "" ? "" : `, default ${standard}`}
              </td>
              <td class="wide">
                <Prose text={description} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
    <table>
      <caption>{operation.body.length === 0 ? "Answers" : "Body and answers"}</caption>
      <tbody>
        {operation.body.length === 0 ? null : (
          <tr>
            <th scope="row">Body</th>
            <td />
            <td>
              <Contents contents={operation.body} />
            </td>
          </tr>
        )}
        {operation.answers.map(({ content, description, status }) => (
          <tr>
            <th scope="row" class="number">
              {status}
            </th>
            <td class="wide">
              <Prose text={description} />
            </td>
            <td>
              <Contents contents={content} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)

const Fields = ({ fields }: { readonly fields: ReadonlyArray<ApiField> }) => (
  <table>
    <thead>
      <tr>
        <th scope="col">Field</th>
        <th scope="col">Type</th>
        <th scope="col">Meaning</th>
      </tr>
    </thead>
    <tbody>
      {fields.map(({ description, name, required, type }) => (
        <tr>
          <th scope="row">
            <code>{name}</code>
            {required ? "" : <span class="hint"> optional</span>}
          </th>
          <td>
            <TypeText type={type} />
          </td>
          <td class="wide">
            <Prose text={description} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

const SchemaCard = ({ schema }: { readonly schema: ApiSchema }) => (
  <section class="card" id={`schema-${schema.name}`}>
    <h3>{schema.name}</h3>
    <p>
      <Prose text={schema.description} />
    </p>
    {schema.variants.map((fields, i) => (
      <>
        {i === 0 ? null : <p class="hint">or</p>}
        <Fields fields={fields} />
      </>
    ))}
    {schema.examples.map((example) => (
      <details>
        <summary>Example</summary>
        <pre>
          <code>{example}</code>
        </pre>
      </details>
    ))}
  </section>
)

/** The OpenAPI document for people, without scripts and without files from elsewhere. */
export const ApiDocs = ({ description, schemas, tags, title, version }: ApiDocsPageProps) => (
  <>
    <main id="main">
      <div class="head">
        <h1>
          API of {title} {version}
        </h1>
        <nav>
          <a href="/api/openapi.json">OpenAPI</a>
        </nav>
      </div>
      <section class="card">
        <p>
          <Prose text={description} />
        </p>
        <ul>
          {tags.map(({ name, operations }) => (
            <li>
              {name}
              <ul>
                {operations.map(({ id, method, path, summary }) => (
                  <li>
                    <a href={`#${id}`}>
                      <code>
                        {method} {path}
                      </code>
                    </a>{" "}
                    {summary}
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      </section>
      {tags.map(({ description, name, operations }) => (
        <>
          <h2>{name}</h2>
          <p class="hint">{description}</p>
          {operations.map((operation) => (
            <Operation operation={operation} />
          ))}
        </>
      ))}
      <h2>Schemas</h2>
      {schemas.map((schema) => (
        <SchemaCard schema={schema} />
      ))}
    </main>
  </>
)

/** The page around `content`, the markup of `ApiDocs`, which is too long to render for each reader. */
export const ApiDocsPage = ({ content, frame }: { readonly content: string; readonly frame: Frame }) => (
  <Layout frame={frame} title="API · Stream Distributor">
    {raw(content)}
  </Layout>
)
