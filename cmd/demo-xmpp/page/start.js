// Logs the visitor in. ?with=room shows the room, else the bot in private.
const s = await (await fetch('/settings.json')).json();
const inRoom = new URLSearchParams(location.search).get('with') === 'room';
converse.initialize({
  assets_path: '/converse/',
  authentication: 'login',
  auto_login: true,
  allow_non_roster_messaging: true,
  auto_reconnect: true,
  allow_registration: false,
  jid: s.jid,
  password: s.password,
  websocket_url: `ws://${location.host}${s.path}`,
  discover_connection_methods: false,
  auto_join_rooms: inRoom ? [{ jid: s.room, nick: 'visitor' }] : [],
  auto_join_private_chats: inRoom ? [] : [s.bot],
  view_mode: 'fullscreen',
  show_controlbox_by_default: true,
  muc_show_join_leave: false,
  play_sounds: false,
  show_desktop_notifications: false,
  loglevel: 'error',
});
