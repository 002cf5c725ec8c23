package floo

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// Encode writes a message of this package: the fields that are there, by their numbers.
func Encode(message any) []byte {
	return appendMessage(nil, reflect.Indirect(reflect.ValueOf(message)))
}

func appendMessage(b []byte, v reflect.Value) []byte {
	for i := range v.NumField() {
		b = appendField(b, number(v.Type().Field(i)), v.Field(i))
	}
	return b
}

func number(f reflect.StructField) protowire.Number {
	n, err := strconv.Atoi(f.Tag.Get("pb"))
	if err != nil {
		panic("floo: field " + f.Name + " has no number")
	}
	return protowire.Number(n)
}

func appendField(b []byte, n protowire.Number, v reflect.Value) []byte {
	if v.IsNil() {
		return b
	}
	switch x := v.Interface().(type) {
	case *uint64:
		return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), *x)
	case *string:
		return protowire.AppendString(protowire.AppendTag(b, n, protowire.BytesType), *x)
	case []byte:
		return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), x)
	}
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			b = protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), appendMessage(nil, v.Index(i)))
		}
		return b
	}
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), appendMessage(nil, v.Elem()))
}

// errForm is the error for bytes that are not of the protocol.
var errForm = errors.New("not of the protocol")

// Decode reads data into message, a pointer. What it does not know it skips.
func Decode(data []byte, message any) error { return decode(data, reflect.ValueOf(message).Elem()) }

func decode(data []byte, v reflect.Value) error {
	fields := map[protowire.Number]reflect.Value{}
	for i := range v.NumField() {
		fields[number(v.Type().Field(i))] = v.Field(i)
	}
	for len(data) > 0 {
		n, kind, size := protowire.ConsumeTag(data)
		if size < 0 {
			return fmt.Errorf("%w: %w", errForm, protowire.ParseError(size))
		}
		data = data[size:]
		size = protowire.ConsumeFieldValue(n, kind, data)
		if size < 0 {
			return fmt.Errorf("field %d: %w: %w", n, errForm, protowire.ParseError(size))
		}
		if f, ok := fields[n]; ok {
			if err := set(f, kind, data[:size]); err != nil {
				return fmt.Errorf("field %d: %w", n, err)
			}
		}
		data = data[size:]
	}
	return nil
}

func set(f reflect.Value, kind protowire.Type, value []byte) error {
	if _, ok := f.Interface().(*uint64); ok {
		if kind != protowire.VarintType {
			return fmt.Errorf("%w: wire type %d", errForm, kind)
		}
		x, _ := protowire.ConsumeVarint(value)
		f.Set(reflect.ValueOf(&x))
		return nil
	}
	if kind != protowire.BytesType {
		return fmt.Errorf("%w: wire type %d", errForm, kind)
	}
	content, _ := protowire.ConsumeBytes(value)
	switch f.Interface().(type) {
	case *string:
		s := string(content)
		f.Set(reflect.ValueOf(&s))
		return nil
	case []byte:
		f.SetBytes(append([]byte{}, content...))
		return nil
	}
	if f.Kind() == reflect.Slice {
		one := reflect.New(f.Type().Elem()).Elem()
		if err := decode(content, one); err != nil {
			return err
		}
		f.Set(reflect.Append(f, one))
		return nil
	}
	f.Set(reflect.New(f.Type().Elem()))
	return decode(content, f.Elem())
}
