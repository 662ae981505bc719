package release

import "strings"

// Sidecar is a kind of file that python.org publishes beside an artifact,
// named by its suffix without the dot.
type Sidecar string

// The sidecars of DESIGN: what is signed, by which method, and what describes it.
const (
	Asc      Sidecar = "asc"       // detached OpenPGP signature
	Sigstore Sidecar = "sigstore"  // Sigstore bundle (.sigstore or .sigstore.json)
	Sig      Sidecar = "sig"       // bare signature of the pair that came before bundles
	Crt      Sidecar = "crt"       // certificate of that pair
	SPDX     Sidecar = "spdx.json" // software bill of materials
	Rekor    Sidecar = "rekor"     // a log entry beside a pair, seen twice
)

// Sidecars returns every kind of sidecar, in a fixed order.
func Sidecars() []Sidecar {
	return []Sidecar{Asc, Sigstore, Sig, Crt, SPDX, Rekor}
}

// Suffixes returns what is appended to an artifact's name to name its sidecar
// of this kind, the preferred spelling first: ".sigstore", then ".sigstore.json".
func (s Sidecar) Suffixes() []string {
	if s == Sigstore {
		return []string{".sigstore", ".sigstore.json"}
	}
	return []string{"." + string(s)}
}

// SplitSidecar splits a sidecar's file name into its artifact's name and its
// kind. It looks at the suffix only: whether python.org would name an artifact
// so is ParseName's question. ok is false for a name that is no sidecar's.
func SplitSidecar(file string) (artifact string, kind Sidecar, ok bool) {
	for _, kind := range Sidecars() {
		for _, suffix := range kind.Suffixes() {
			if a, found := strings.CutSuffix(file, suffix); found && a != "" {
				return a, kind, true
			}
		}
	}
	return "", "", false
}
