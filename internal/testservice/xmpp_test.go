package testservice

import (
	"os"
	"testing"
)

func TestXMPPServers(t *testing.T) {
	for name, start := range map[string]func() (*XMPP, error){"prosody": StartProsody, "ejabberd": StartEjabberd} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := start()
			if err != nil {
				Missing(t, err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			if err := s.Register("anna", "anna-secret"); err != nil {
				t.Fatal(err)
			}
			for _, end := range []func() error{s.Stop, s.Kill} {
				if err := end(); err != nil {
					t.Fatal(err)
				}
				if s.answers() {
					t.Error("it answers after its end")
				}
				if err := s.Start(); err != nil {
					log, _ := os.ReadFile(s.Log())
					t.Fatalf("%v\n%s", err, log)
				}
			}
			if err := s.Register("anna", "another"); err == nil && s.Software == "ejabberd" {
				t.Error("an account was made twice: it did not last over a restart")
			}
		})
	}
}
