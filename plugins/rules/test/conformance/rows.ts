import type { Row } from './row.ts'
import { seclArrays } from './secl-arrays.ts'
import { seclOperators } from './secl-operators.ts'
import { seclReferences } from './secl-references.ts'
import { seclTexts } from './secl-texts.ts'

/** The whole table. */
export const rows: readonly Row[] = [...seclOperators, ...seclTexts, ...seclArrays, ...seclReferences]
