import type { Workbench } from './compose.ts'

/** What a plugin adds to `cws check`: loaded when somebody checks. */
export interface PluginCheck {
  load(): Promise<CheckModule>
}

export interface CheckModule {
  /** What people should know of a configuration that is right all the same, each in one line. Asked once, whatever the number of its instances. */
  notes(bench: Workbench): Promise<readonly string[]>
}
