"""Uploads an action to BuildGrid, executes it, and prints the name of the operation. Usage: execute.py ADDRESS INSTANCE"""

import hashlib
import sys
import uuid

import grpc
from buildgrid._protos.build.bazel.remote.execution.v2 import remote_execution_pb2 as re
from buildgrid._protos.build.bazel.remote.execution.v2 import remote_execution_pb2_grpc as re_grpc


def digest(data):
    return re.Digest(hash=hashlib.sha256(data).hexdigest(), size_bytes=len(data))


address, instance = sys.argv[1:]
channel = grpc.insecure_channel(address)
# Each action is another one: BuildGrid executes equal ones once.
command = re.Command(arguments=["echo", str(uuid.uuid4())]).SerializeToString()
directory = re.Directory().SerializeToString()
action = re.Action(command_digest=digest(command), input_root_digest=digest(directory)).SerializeToString()
upload = re.BatchUpdateBlobsRequest(instance_name=instance)
for blob in (command, directory, action):
    upload.requests.add(digest=digest(blob), data=blob)
for response in re_grpc.ContentAddressableStorageStub(channel).BatchUpdateBlobs(upload, wait_for_ready=True, timeout=60).responses:
    assert response.status.code == 0, response
request = re.ExecuteRequest(instance_name=instance, action_digest=digest(action), skip_cache_lookup=True)
print(next(iter(re_grpc.ExecutionStub(channel).Execute(request, timeout=60))).name)
