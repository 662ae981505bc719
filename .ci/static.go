//go:build ignore

// Static ends with an error unless the ELF program that it is given needs no
// other file to run: no interpreter and no dynamic section.
package main

import (
	"debug/elf"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: static FILE")
		os.Exit(2)
	}
	f, err := elf.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			fmt.Fprintf(os.Stderr, "%s is not static: it has a segment %v\n", os.Args[1], p.Type)
			os.Exit(1)
		}
	}
	fmt.Println("static")
}
