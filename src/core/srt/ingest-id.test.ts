import { assert, describe, it } from "@effect/vitest"
import { fitsStreamId } from "./ingest-id.ts"

const MAIN = "#!::r=news,m=publish"
const BACKUP = "#!::r=news/backup,m=publish"

const fitting: ReadonlyArray<readonly [wanted: string, got: string]> = [
  [MAIN, MAIN],
  [MAIN, "#!::m=publish,r=news"],
  [MAIN, "#!::r=news"],
  [MAIN, "#!::r=/news,m=publish"],
  [MAIN, "#!::u=studio,r=news,m=publish,t=stream"],
  [MAIN, "#!{r=news,m=publish}"],
  [MAIN, "#!:r=news,m=publish"],
  [MAIN, "publish:news"],
  [MAIN, "publish:/news"],
  [MAIN, "publish:news:user:password"],
  [MAIN, "publish:news:key=1"],
  [MAIN, "publish/news"],
  [MAIN, "news,mode:publish"],
  [MAIN, "news"],
  [MAIN, "/news"],
  [BACKUP, "#!::m=publish,r=news/backup"],
  [BACKUP, "publish:news/backup"],
  [BACKUP, "publish/news/backup"],
  [BACKUP, "news/backup"],
  [BACKUP, "/news/backup"],
  ["#!::r=a/b/c,m=publish", "publish/a/b/c"],
  ["#!::r=news,u=studio,s=k3y,m=publish", "#!::s=k3y,u=studio,r=news"],
  ["#!::r=news,u=studio,s=k3y,m=publish", "publish:news:studio:k3y"],
  ["#!::r=news,token=abc", "#!::m=publish,token=abc,r=news"],
  ["anything at all", "anything at all"],
  ["publish:news", "publish:news"],
  ["", ""],
]

const refused: ReadonlyArray<readonly [wanted: string, got: string, why: string]> = [
  [MAIN, "", "no stream id"],
  [MAIN, "sport", "another resource"],
  [MAIN, "News", "names are told apart by case"],
  [MAIN, "news ", "a space belongs to the name"],
  [MAIN, "//news", "one slash is dropped, not two"],
  [MAIN, "#!::r=news,m=request", "a receiver"],
  [MAIN, "#!::r=news,m=bidirectional", "both directions"],
  [MAIN, "read:news", "a receiver"],
  [MAIN, "play/news", "a receiver"],
  [MAIN, "news,mode:request", "a receiver"],
  [MAIN, "#!::m=publish", "no resource"],
  [MAIN, BACKUP, "the backup is not the primary"],
  [MAIN, "publish/news/backup", "the backup is not the primary"],
  [MAIN, "publish:news/backup", "the backup is not the primary"],
  [BACKUP, MAIN, "the primary is not the backup"],
  [BACKUP, "publish:news:backup", "a query, no resource"],
  ["#!::r=news,u=studio,m=publish", "news", "no user"],
  ["#!::r=news,u=studio,m=publish", "#!::r=news,u=other", "another user"],
  ["#!::r=news,s=k3y,m=publish", "#!::r=news,s=key", "another session"],
  ["#!::r=news,s=k3y,m=publish", "publish:news:studio:key", "another password"],
  ["#!::r=news,token=abc", "#!::r=news", "no token"],
  ["#!::m=publish", "", "only equal text fits an id without a resource"],
  ["#!::r=,m=publish", "/", "only equal text fits an id without a resource"],
  ["publish:news", "news", "only equal text fits an id that is not of the standard syntax"],
  ["news", "publish:news", "only equal text fits an id that is not of the standard syntax"],
]

describe("fitsStreamId", () => {
  for (const [wanted, got] of fitting)
    it(`${JSON.stringify(wanted)} is served by ${JSON.stringify(got)}`, () => {
      assert.isTrue(fitsStreamId(wanted, got))
    })
  for (const [wanted, got, why] of refused)
    it(`${JSON.stringify(wanted)} is not served by ${JSON.stringify(got)}: ${why}`, () => {
      assert.isFalse(fitsStreamId(wanted, got))
    })
})
