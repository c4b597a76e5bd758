import { bools } from './bools.ts'
import { constants } from './constants.ts'
import { iterators } from './iterators.ts'
import { lexer } from './lexer.ts'
import { networks } from './networks.ts'
import { numbers } from './numbers.ts'
import { partial } from './partial.ts'
import { paths } from './paths.ts'
import { references } from './references.ts'
import { regexps } from './regexps.ts'
import type { Row } from './row.ts'
import { seclArrays } from './secl-arrays.ts'
import { seclOperators } from './secl-operators.ts'
import { seclReferences } from './secl-references.ts'
import { seclTexts } from './secl-texts.ts'
import { texts } from './texts.ts'
import { times } from './times.ts'
import { unknown } from './unknown.ts'

/** The whole table. */
export const rows: readonly Row[] = [
  ...seclOperators,
  ...seclTexts,
  ...seclArrays,
  ...seclReferences,
  ...numbers,
  ...bools,
  ...unknown,
  ...regexps,
  ...paths,
  ...lexer,
  ...texts,
  ...times,
  ...iterators,
  ...references,
  ...networks,
  ...constants,
  ...partial,
]
