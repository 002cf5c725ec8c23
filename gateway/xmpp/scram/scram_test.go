package scram

import (
	"strings"
	"testing"
)

// vectors are those of RFC 5802 section 5 and RFC 7677 section 3.
var vectors = []struct{ name, nonce, challenge, answer, final string }{
	{
		"SCRAM-SHA-1", "fyko+d2lbbFgONRv9qkxdawL",
		"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
		"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
		"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
	},
	{
		"SCRAM-SHA-256", "rOprNGfwEbeRWgbNEkqO",
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
	},
}

func mechanism(t *testing.T, name string) Mechanism {
	t.Helper()
	for _, m := range Mechanisms {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("%s is not known", name)
	return Mechanism{}
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			c, err := mechanism(t, v.name).start("user", "pencil", v.nonce)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := string(c.First()), "n,,n=user,r="+v.nonce; got != want {
				t.Errorf("first %q, want %q", got, want)
			}
			got, err := c.Answer([]byte(v.challenge))
			if err != nil || string(got) != v.answer {
				t.Errorf("answer %q, %v; want %q", got, err, v.answer)
			}
			if c.Verified() {
				t.Error("verified before the server's last message")
			}
			if err := c.Verify([]byte(v.final)); err != nil || !c.Verified() {
				t.Errorf("verify: %v", err)
			}
		})
	}
}

// A server that does not play by the rules is not answered, and not believed.
func TestBadServers(t *testing.T) {
	v := vectors[1]
	for _, challenge := range []string{
		"", "r", "r=x", v.challenge + ",r=again", strings.Replace(v.challenge, v.nonce, "zzz", 1),
		"r=" + v.nonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", // adds nothing of its own
		strings.Replace(v.challenge, "i=4096", "i=1", 1), strings.Replace(v.challenge, "i=4096", "i=2000000000", 1),
		strings.Replace(v.challenge, "s=W", "s=!", 1), strings.Replace(v.challenge, "s=W22ZaJ0SNY7soEsUEjb6gQ==", "s=", 1),
		"m=ext," + v.challenge, v.challenge + ",x=" + strings.Repeat("y", 5000),
	} {
		c, err := mechanism(t, v.name).start("user", "pencil", v.nonce)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Answer([]byte(challenge)); err == nil {
			t.Errorf("%.80q was answered with %q", challenge, got)
		}
		if err := c.Verify([]byte("v=")); err == nil {
			t.Errorf("after %.80q an empty proof was believed", challenge)
		}
	}
	for _, final := range []string{"", "v=", "v=AAAA", "e=invalid-proof", "v=" + vectors[0].final[2:], v.final + ",v=x"} {
		c, err := mechanism(t, v.name).start("user", "pencil", v.nonce)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Answer([]byte(v.challenge)); err != nil {
			t.Fatal(err)
		}
		if err := c.Verify([]byte(final)); err == nil {
			t.Errorf("%q was believed", final)
		}
		if _, err := c.Answer([]byte(v.challenge)); err == nil {
			t.Error("a second challenge was answered")
		}
	}
}

func TestNames(t *testing.T) {
	c, err := Mechanisms[0].New("a=b,c", "密码 pass")
	if err != nil || !strings.HasPrefix(string(c.First()), "n,,n=a=3Db=2Cc,r=") {
		t.Errorf("first %q, %v", c.First(), err)
	}
	if _, err := Mechanisms[0].New("a", "tab\tin it"); err == nil {
		t.Error("a password with a control character was taken")
	}
}

func FuzzAnswer(f *testing.F) {
	for _, v := range vectors {
		f.Add([]byte(v.challenge), []byte(v.final))
	}
	f.Fuzz(func(t *testing.T, challenge, final []byte) {
		if strings.Contains(string(challenge), "i=") && !strings.Contains(string(challenge), "i=4096") {
			return // deriving keys takes its time
		}
		c, err := Mechanisms[0].start("user", "pencil", vectors[1].nonce)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Answer(challenge); err != nil && c.serverProof != nil {
			t.Error("an error, but a proof")
		}
		if c.Verify(final) == nil && string(final) != vectors[1].final && string(challenge) == vectors[1].challenge {
			t.Errorf("believed %q", final)
		}
	})
}
