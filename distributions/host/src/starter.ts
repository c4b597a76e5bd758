/** The configuration that `cws init` writes. */
export const starter = `// Configuration of CWS. It is code: whoever can write this file can run code as the agent, so keep it to root.
//   cws check     looks it over and starts nothing
//   cws fields    what rules can use
import { defineConfig, host } from '@cws/agent'
// import { env } from '@cws/agent'
// import webhook from '@cws/plugin-notify-webhook'

export default defineConfig({
  // What is listed is what runs. host() is what runs without a configuration: process activity, changes of
  // the files that matter, and the rules that come with CWS.
  plugins: [
    host({
      // More files to watch than the rules look at. Without the sensor of files: false.
      // files: { watch: ['/srv/shop/config/**'] },
      rules: {
        // Rules of your own: files, packages, or defineRule({...}) right here.
        packs: [],
        // Changes to rules by their id; \`cws check\` tells when an id does not exist.
        tune: {
          // 'shell-from-web-server': { unless: 'process.args =~ "*certbot*"', severity: 'critical' },
          // 'hidden-executable': 'off',
        },
      },
    }),
    // Signed POSTs, stored before they are sent and repeated until they arrive. Secrets stay out of this file.
    // webhook({ name: 'siem', url: 'https://siem.example.com/cws', secret: env('SIEM_SECRET') }),
  ],
  // Which signals go where. Without this list every notifier gets every signal from \`low\` up.
  // notifications: [{ name: 'Archive', when: 'severity >= medium', to: 'siem' }],
  // /healthz and /metrics (Prometheus) on http://127.0.0.1:9797
  // monitoring: {},
  // A watcher outside that alarms when it hears nothing any more.
  // heartbeat: { url: env('HEARTBEAT_URL') },
})
`
