"""Calls the emulator by Google's own stubs and prints what it gets."""

import sys
import time

import grpc
from google.longrunning import operations_pb2 as messages
from google.longrunning import operations_pb2_grpc as stubs
from google.protobuf import duration_pb2, empty_pb2, struct_pb2
from google.rpc import error_details_pb2 as details
from google.rpc import status_pb2

channel = grpc.insecure_channel(sys.argv[1])
operations = stubs.OperationsStub(channel)


def get(name, **options):
    return operations.GetOperation(messages.GetOperationRequest(name=name), **options)


def unpacked(packed, message):
    assert packed.Unpack(message), packed
    return message


def failure(call):
    try:
        return f"no failure: {call()}"
    except grpc.RpcError as error:
        return f"{error.code().name}: {error.details()}"


# Polls until it is done.
polls = 0
while True:
    operation = get("operations/poll")
    polls += 1
    if operation.done:
        break
    progress = unpacked(operation.metadata, duration_pb2.Duration())
    print("running", progress.seconds)
response = unpacked(operation.response, struct_pb2.Struct())
print("done after", polls, "polls:", response["pages"], response["@type"])

# An operation that failed, and a call that failed.
error = get("operations/failed").error
retry = unpacked(error.details[0], details.RetryInfo())
info = unpacked(error.details[1], details.ErrorInfo())
print("failed:", error.code, error.message, retry.retry_delay.ToMilliseconds(), info.reason, dict(info.metadata))
try:
    get("operations/refused")
except grpc.RpcError as refused:
    print("refused:", refused.code().name, refused.details())
    status = status_pb2.Status.FromString(dict(refused.trailing_metadata())["grpc-status-details-bin"])
    print("details:", status.code, [detail.TypeName() for detail in status.details])

# The other calls.
page = operations.ListOperations(messages.ListOperationsRequest(filter="done=false"))
print("listed:", [operation.name for operation in page.operations])
wait = messages.WaitOperationRequest(name="operations/endless", timeout=duration_pb2.Duration(nanos=200_000_000))
begun = time.monotonic()
print("waited:", operations.WaitOperation(wait).done, time.monotonic() - begun >= 0.2)
print("compressed:", get("operations/endless", compression=grpc.Compression.Gzip).name)
print("cancelled:", operations.CancelOperation(messages.CancelOperationRequest(name="operations/endless")) == empty_pb2.Empty())
print("then:", get("operations/endless").error.code)
operations.DeleteOperation(messages.DeleteOperationRequest(name="operations/endless"))
print("deleted:", failure(lambda: get("operations/endless")))
print("late:", failure(lambda: get("operations/late", timeout=0.1)).split(":")[0])
unknown = channel.unary_unary("/example.v1.Jobs/Run", lambda message: b"", lambda body: body)
print("unknown:", failure(lambda: unknown(None)))
