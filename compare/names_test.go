package compare

import (
	"encoding"
	"fmt"
	"testing"
)

func TestNames(t *testing.T) {
	checkNames(t, Unchecked, "unchecked", "equivalent", "sigstore-only", "pgp-only", "unsigned", "conflict", "failed")
	checkNames(t, Note, "note", "warning", "error")
	checkNames(t, Undetermined, "undetermined", "ready", "ready-with-gaps", "not-ready")
}

// checkNames holds the values from first on to their names, and everything else
// to having none.
func checkNames[T interface {
	~uint8
	encoding.TextMarshaler
	fmt.Stringer
}, P interface {
	*T
	encoding.TextUnmarshaler
}](t *testing.T, first T, names ...string) {
	t.Helper()
	for i := range 256 {
		v := T(i)
		var want string
		if n := i - int(first); n >= 0 && n < len(names) {
			want = names[n]
		}
		text, err := v.MarshalText()
		if want == "" {
			if err == nil {
				t.Errorf("%T(%d) marshals as %q, want an error", v, i, text)
			}
			if v.String() != fmt.Sprintf("%T(%d)", v, i) {
				t.Errorf("%T(%d) is called %q", v, i, v)
			}
			continue
		}
		if err != nil || string(text) != want || v.String() != want {
			t.Errorf("%T(%d): %q, %q, %v; want %q", v, i, v, text, err, want)
		}
		var back T
		if err := P(&back).UnmarshalText(text); err != nil || back != v {
			t.Errorf("%q is read as %v, %v", text, back, err)
		}
	}
	for _, s := range []string{"", "Ready", "Conflict", "Error", "none", names[0] + " "} {
		back := first
		if err := P(&back).UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is read as %v, want an error", s, back)
		}
	}
}
