import Foundation
import Holdfast

/// Turns the results of steps into JSON values and back.
enum JSONCoding {
    /// - Throws: `invalid` when the value can't be written as JSON.
    static func encode<Value: Encodable>(_ value: Value, subject: @autoclosure () -> String) throws(StoreError)
        -> JSONValue
    {
        // The types most steps return need no encoder, which would cost more than the rest of the step.
        switch value {
        case let text as String: return .string(text)
        case let number as Int: return .int(Int64(number))
        case let flag as Bool: return .bool(flag)
        case let json as JSONValue: return json
        default: break
        }
        do {
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .iso8601
            return try JSONValue(parsing: [UInt8](encoder.encode(value)))
        } catch {
            throw StoreError(.invalid, subject: subject(), detail: "its result can't be written as JSON", cause: error)
        }
    }

    /// - Throws: `invalid` when the value is not of that type.
    static func decode<Value: Decodable>(
        _ type: Value.Type, from json: JSONValue, subject: @autoclosure () -> String
    ) throws(StoreError) -> Value {
        if let value = json.stringValue as? Value { return value }
        if let value = json as? Value { return value }
        do {
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .iso8601
            return try decoder.decode(type, from: Data(json.encoded()))
        } catch {
            throw StoreError(.invalid, subject: subject(), detail: "its recorded result has another type", cause: error)
        }
    }
}
